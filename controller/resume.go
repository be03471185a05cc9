package controller

import (
	"context"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Resume goes on with the operations that earlier lives of this party have left,
// and returns how many there were. logins names our account at a peer; nil: we
// have none anywhere.
func (c *Controller) Resume(ctx context.Context, logins func(comm.Peer) Login) (int, error) {
	if logins != nil {
		c.logins.Store(&logins)
	}
	return c.protocols.Resume(ctx)
}

// reach is the way to the peer of an operation that an earlier life has begun: a
// session of its own, which ends when the answer is here.
func (c *Controller) reach(r protocol.Execution) protocol.Link {
	var l Login
	if logins := c.logins.Load(); logins != nil {
		l = (*logins)(r.Peer)
	}
	s := c.newSession(r.Peer, l)
	if r.Offer != nil { // selected again under it by whoever dials
		s.selected[r.Call.Class] = selection{r.Protocol, r.Offer}
	}
	return &resumption{link: link{s}, class: r.Call.Class, protocol: r.Protocol}
}

// resumption is the link of an operation of an earlier life.
type resumption struct {
	link
	class    instrument.ClassID
	protocol string
}

// Execute implements protocol.Link. A peer that does not know the operation yet
// takes it only for a class that it offers, and whatever keeps it from offering
// is no answer: it is asked again.
func (r *resumption) Execute(ctx context.Context, e comm.Execute) (comm.Executed, error) {
	if err := r.prepare(ctx); err != nil {
		return comm.Executed{}, fault.Wrap(err, fault.Unavailable, "%s does not go on with the operation now", r.s.Peer().Name).Because("peer-unreachable")
	}
	got, err := r.link.Execute(ctx, e)
	if err == nil {
		_ = r.s.Close(ctx)
	}
	return got, err
}

// prepare selects the protocol of the operation, where no offer goes with it.
func (r *resumption) prepare(ctx context.Context) error {
	if _, err := r.s.protocolOf(r.class); err == nil {
		return nil
	}
	if _, err := r.s.InstrumentClasses(ctx, instrument.Invoice{}); err != nil {
		return err
	}
	return r.s.selects(ctx, r.class, r.protocol)
}
