package controller

import (
	"context"

	"github.com/swaperoo/swaperoo/comm"
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
// session that negotiates nothing, for the operation is under way, and ends when
// the answer is here.
func (c *Controller) reach(p comm.Peer, class instrument.ClassID, protocolID string) protocol.Link {
	var l Login
	if logins := c.logins.Load(); logins != nil {
		l = (*logins)(p)
	}
	s := c.newSession(p, l)
	s.selected[class] = protocolID
	s.closed = true
	return link{s}
}
