// Package stream carries sessions over anything that carries bytes in order:
// unix sockets, serial lines, and the standard input and output of a process
// (paper §1: a wallet in a PDA or in a vending machine has no web).
//
//	t := stream.New(stream.Options{TLS: comm.Handshake{Key: id.KeyText(), Server: …, Client: …, KeyOf: …}})
//	door, err := t.Listen(ctx, comm.Address{Scheme: "unix", Path: "/run/shop.sock"}, accept)
//	conn, err := t.Dial(ctx, door.Address(), handler)
//
// From the line upwards there are: marks, by which the two ends find the
// beginning of a session among whatever is on the line (mark.go); TLS 1.3 with a
// self-signed Ed25519 certificate on both sides; and frames (frame.go).
//
// A line in clear is another scheme, "serial-clear" or "stdio-clear", so that
// everybody who sees an address sees it, and it must be named in Options.Clear.
// Nobody proves a key on it: its peers have none, an address that names one is
// refused, and Trust is not asked, because there is no key to trust.
//
// Where things are:
//
//	the transport         stream.go dial.go listen.go
//	a session on a line   line.go mark.go meet.go secure.go frame.go session.go
//	unix sockets          unix.go unix_unix.go unix_other.go
//	serial lines          serial_linux.go serial_other.go
//	pipes                 pipe.go stdio_unix.go stdio_other.go
package stream
