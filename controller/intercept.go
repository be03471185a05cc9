package controller

import (
	"context"
	"slices"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Intercepted is an answer on its way to an initiator, for the application of a
// vendor or bank to look at (paper §5.2: the event filter).
type Intercepted struct {
	Who    Caller
	Method string // of the session, such as comm.MethodClasses
	Asked  any    // comm.Classes, comm.Protocols, comm.Select, comm.Execute
	// Answer may be changed through its pointer: *comm.Offered, *protocol.Negotiated
	// or *comm.Available. It is nil for transaction.execute, which is intercepted
	// before the operation begins. What is committed is not filtered: see Observe.
	Answer any
}

// Interceptor filters an answer, or refuses with an error that the initiator
// gets instead. It is called on many goroutines and must not block for long: an
// initiator waits.
//
// It is also called twice before each operation begins: with the result of a negotiation that
// names only the operation's protocol, and with a list of operations that names only this one. If
// it takes out that name, the operation does not begin. So an initiator cannot run what is left
// out by skipping a step or ignoring an answer.
type Interceptor func(ctx context.Context, i Intercepted) error

// Intercept adds an interceptor behind those that are there. Call it before the party serves.
// What an interceptor leaves out of an answer counts as not offered.
func (c *Controller) Intercept(f Interceptor) { c.interceptors = append(c.interceptors, f) }

// intercept shows an answer to the application.
func (s *service) intercept(ctx context.Context, method string, req, answer any) error {
	for _, f := range s.c.interceptors {
		if err := f(ctx, Intercepted{Who: *s.caller(), Method: method, Asked: req, Answer: answer}); err != nil {
			return err
		}
	}
	return nil
}

// checkNotLeftOut refuses to begin an operation that the application leaves out of its answers.
func (s *service) checkNotLeftOut(ctx context.Context, c comm.Call) error {
	if len(s.c.interceptors) == 0 {
		return nil
	}
	req, both := s.chosen(c)
	if err := s.intercept(ctx, comm.MethodProtocols, req, &both); err != nil {
		return err
	}
	if !slices.Contains(both.Protocols, c.Protocol) && !slices.Contains(both.Pairs, protocol.Pair{Class: instrument.ClassID(c.Class), Protocol: c.Protocol}) {
		return fault.New(fault.Unsupported, "%s is not used with a %s here", fault.Clip(c.Protocol), fault.Clip(c.Class)).Because("protocol-unknown")
	}
	can := comm.Available{Names: []string{c.Operation}}
	if err := s.intercept(ctx, comm.MethodOperations, comm.Select{Class: c.Class, Protocol: c.Protocol}, &can); err != nil {
		return err
	}
	if !slices.Contains(can.Names, c.Operation) {
		return fault.New(fault.Unsupported, "%s has no operation %s for %s here", fault.Clip(c.Protocol), fault.Clip(c.Operation), fault.Clip(c.Class)).Because("operation-unknown")
	}
	return nil
}

// chosen is a negotiation that has left only the protocol of a call. A joint negotiation is about
// an invoice: that of the call's offer, if there is one.
func (s *service) chosen(c comm.Call) (comm.Protocols, protocol.Negotiated) {
	if !s.c.protocols.Joint() {
		return comm.Protocols{Class: c.Class}, protocol.Negotiated{Protocols: []string{c.Protocol}}
	}
	var req comm.Protocols
	if c.Offer != nil {
		if body, err := s.c.ownOffer(*c.Offer); err == nil { // one that is not ours is refused later
			req.Invoice = body.Invoice
		}
	}
	return req, protocol.Negotiated{Pairs: []protocol.Pair{{Class: instrument.ClassID(c.Class), Protocol: c.Protocol}}}
}
