// Package streamtest has the cables that tests of serial lines need.
package streamtest

import (
	"context"

	"github.com/swaperoo/swaperoo/comm"
)

// Crossed is a transport whose serial addresses are dialled at the other end of
// their cables: a peer's address names the device of that peer, as both ends of a
// unix socket have one name.
type Crossed struct {
	comm.Acceptor
	Cables map[string]string // the device at the other end, by device
}

// Dial implements comm.Transport.
func (c Crossed) Dial(ctx context.Context, a comm.Address, h comm.Handler) (comm.Conn, error) {
	if far := c.Cables[a.Path]; far != "" {
		a.Path = far
	}
	return c.Acceptor.Dial(ctx, a, h)
}
