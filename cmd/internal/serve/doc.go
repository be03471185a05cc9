// Package serve runs the listening half of every party: it opens ports, says
// where they are, and ends in order.
//
//	port, err := serve.Listen(ctx, "127.0.0.1:0", false)
//	p := serve.New(env)
//	p.HTTP(port, server, serve.Door{Name: serve.Provider, Path: "/"})
//	err = p.Run(ctx)
//
// Run ends when ctx does, which main ends on SIGTERM or SIGINT. Nobody is
// accepted any more, requests that run are answered, and Run returns nil within
// Grace; what a command then has to close must be closed within Closing, so that
// the process has ended ten seconds after the signal.
package serve
