// Package pnp holds the Protocol Negotiation Protocols (SWAPEROO §3.2, §5.3).
// They are protocols like others, with the one operation NEGOTIATE; the two
// peers of a session have fixed one of them before it starts.
package pnp

import (
	"context"
	"slices"

	"github.com/swaperoo/swaperoo/protocol"
)

// IntersectID names the default PNP.
const IntersectID = "pnp.intersect"

// Intersect is the paper's default PNP (§5.3): the initiator asks what the peer
// has for the class and keeps what both have, in the peer's order.
type Intersect struct{ negotiator }

// Info describes the protocol.
func (Intersect) Info() protocol.Info {
	return protocol.Info{ID: IntersectID, Title: "Negotiation by intersection", Replay: 1}
}

// DoOperation runs one side of NEGOTIATE.
func (Intersect) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	n, err := asked(IntersectID, c)
	if err != nil {
		return protocol.Result{}, err
	}
	if s.Side() == protocol.Servicer {
		return protocol.ResultOf(protocol.Negotiated{Protocols: n.Local})
	}
	var remote protocol.Negotiated
	if err := s.Recv(ctx, &remote); err != nil {
		return protocol.Result{}, err
	}
	common := slices.DeleteFunc(remote.Protocols, func(p string) bool { return !slices.Contains(n.Local, p) })
	return protocol.ResultOf(protocol.Negotiated{Protocols: common})
}
