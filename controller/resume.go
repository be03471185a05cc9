package controller

import (
	"context"
	"encoding/json"

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

// reach gives the way to the peer of an operation that an earlier life has begun: a
// session of its own, which is closed when the answer is here.
func (c *Controller) reach(r protocol.Execution) protocol.Link {
	var l Login
	if logins := c.logins.Load(); logins != nil {
		l = (*logins)(r.Peer)
	}
	s := c.newSession(r.Peer, l)
	s.resumes = true
	if r.Offer != nil { // the session selects it again when it dials
		s.selected[r.Call.Class] = selection{r.Protocol, r.Offer}
	}
	return &resumption{link: link{s}, class: r.Call.Class, protocol: r.Protocol, about: invoicesFor(r.Call)}
}

// invoicesFor are the invoices with which a peer is asked for offers, so that it offers the class of an
// operation that has no offer of its own. Some classes are offered only for an invoice that says
// what they are for. So these are an empty invoice and, for a refund, one that names the payment.
func invoicesFor(c protocol.Call) []instrument.Invoice {
	var of struct {
		Payment string `json:"payment"`
	}
	if c.Operation != protocol.Refund || json.Unmarshal(c.Args, &of) != nil || of.Payment == "" {
		return []instrument.Invoice{{}}
	}
	return []instrument.Invoice{{}, {InvoiceRefund: of.Payment}}
}

// resumption is the link of an operation of an earlier life.
type resumption struct {
	link
	class    instrument.ClassID
	protocol string
	about    []instrument.Invoice
}

// Execute implements protocol.Link. A peer that does not know the operation yet takes it only for a
// class that it has offered in this session. If it does not offer the class now, that is no answer
// to the operation: the request is sent again.
func (r *resumption) Execute(ctx context.Context, e comm.Execute) (comm.Executed, error) {
	got, err := r.attempt(ctx, e)
	if err == nil {
		_ = r.s.Close(ctx)
	} else if conn := r.s.current(); conn != nil { // until the next attempt others may need the connection
		r.s.gone(conn)
		_ = conn.Close()
	}
	return got, err
}

func (r *resumption) attempt(ctx context.Context, e comm.Execute) (comm.Executed, error) {
	if err := r.prepare(ctx); err != nil {
		return comm.Executed{}, fault.Wrap(err, fault.Unavailable, "%s does not go on with the operation now", r.s.Peer().Name).Because(protocol.ReasonUnreachable)
	}
	return r.link.Execute(ctx, e)
}

// prepare selects the protocol of the operation, where no offer goes with it.
func (r *resumption) prepare(ctx context.Context) error {
	if _, err := r.s.protocolOf(r.class); err == nil {
		return nil
	}
	var err error
	for _, inv := range r.about {
		if _, err = r.s.InstrumentClasses(ctx, inv); err != nil {
			continue
		}
		if err = r.s.selects(ctx, r.class, r.protocol); err == nil {
			return nil
		}
	}
	return err
}
