// Package rpc is the wire of a native session (SWAPEROO §5, figure 4): JSON-RPC
// 2.0 over any stream of frames whose far end has been authenticated. The
// transports use it; nobody else needs to.
//
// The wallet is client-driven (paper §1): a connection has an initiator, which
// alone sends requests, and a servicer, which answers them. Both may send
// notifications. Whoever breaks this, or sends what is no JSON-RPC frame, a
// batch, or an answer that nobody asked for, loses the connection.
//
//	conn := rpc.New(stream, rpc.Options{Side: rpc.Initiator, Peer: peer, Binding: exporter})
//	conn.Start(handler)
//	err := conn.Call(ctx, comm.MethodInitiate, comm.Initiate{…}, &answer)
//
// Where things are:
//
//	a connection          conn.go call.go serve.go; those of a listener: accepted.go
//	to the library        objects.go outgoing.go content.go
//	what is on the wire   frame.go faults.go breach.go
//	for streams           stream.go pump.go; bounds: queue.go room.go intake.go
package rpc
