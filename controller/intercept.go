package controller

import "context"

// Intercepted is an answer on its way to an initiator, for the application of a
// vendor or bank to look at (paper §5.2: the event filter).
type Intercepted struct {
	Who    Caller
	Method string // of the session, such as comm.MethodClasses
	Asked  any    // comm.Classes, comm.Protocols, comm.Select, comm.Execute
	// Answer may be changed through its pointer: *comm.Offered, *protocol.Negotiated
	// or *comm.Available. It is nil for transaction.execute, which is intercepted
	// before it begins: what is committed is not filtered, see Observe.
	Answer any
}

// Interceptor filters an answer, or refuses with an error that the initiator
// gets instead. It is called on many goroutines and must not block for long: an
// initiator waits.
type Interceptor func(ctx context.Context, i Intercepted) error

// Intercept adds an interceptor, after those that are there. It is called before
// the party serves. What one leaves out of an answer counts as not offered.
func (c *Controller) Intercept(f Interceptor) { c.interceptors = append(c.interceptors, f) }

// intercepts shows an answer to the application.
func (s *service) intercepts(ctx context.Context, method string, asked, answer any) error {
	for _, f := range s.c.interceptors {
		if err := f(ctx, Intercepted{Who: *s.caller(), Method: method, Asked: asked, Answer: answer}); err != nil {
			return err
		}
	}
	return nil
}
