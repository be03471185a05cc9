// Package parked keeps HTTP connections on which nobody has anything to say for
// a while, for a server at which thousands of requests wait (long polls, Taler
// docs, core/api-common).
//
// A request that waits in its handler holds the server's goroutine, whose stack is
// as deep as its handlers, and the buffers for reading and writing: 20 KiB, of
// which a request that waits needs none. A Lot takes the connection away from the
// server (http.Hijacker). Its answer is written to the bare connection; from the
// first byte of the next request on the server has it again, as if nothing had
// been: peers keep their connections, and see no difference.
//
//	c, ok := lot.Take(w, r)
//	if !ok { … wait in the handler … }
//	go func() {
//		wait(c.Context()) // ends when the peer has gone, and with the lot's waits
//		c.WriteHeader(http.StatusNoContent)
//		c.Answer(now, now.Add(time.Minute))
//	}()
//	return
//
// Linger is for the opposite: a peer that goes on talking when it was answered.
//
// What is set on the server for its connections (ConnState, ConnContext) happens
// again for one that was given back; a tls.Conn is not recognised as such then
// (http.Request.TLS is nil).
package parked
