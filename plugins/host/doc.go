// Package host starts plugins and keeps them in their place: it checks their
// binaries, runs each in its own process behind go-plugin's gRPC door, restarts
// them with back-off, and hands out proxies that look like any other
// instrument.Class and protocol.Protocol.
//
//	h, err := host.New(host.Options{Dir: run, Log: log, Clock: time.Now})
//	b, err := h.Load(host.Source{Path: path, SHA256: sum, Description: described})
//	classes, protocols := b.Classes(comm.Client), b.Protocols(comm.Client)
//
// Nothing is started before it is used. A plugin is not trusted. It gets no environment, no
// input and no directory but its own empty one. The frames between it and the host are bounded
// in size, and its answers in time. It knows operations by number only. What it sends is checked
// here before anybody else sees it; a frame that no honest plugin sends ends its process.
//
// One run of a plugin's process is called a life; a bundle has many, one after the other.
//
// Where things are:
//
//	what callers get      host.go bundle.go class.go stepper.go
//	the catalog           catalog.go lockfile.go
//	the binary            source.go stamp.go stamp_unix.go
//	its process           life.go process.go process_unix.go process_linux.go process_windows.go process_other.go obstacle.go
//	what it gets          workdir.go inherited.go inherited_unix.go inherited_windows.go inherited_race.go
//	what it says          table.go trust.go allowances.go; to people: output.go paced.go hclog.go
//	its crashes           crashes.go backoff.go
package host
