// Package pnp holds the Protocol Negotiation Protocols (SWAPEROO §3.2, §5.3).
// They are protocols like others, with the one operation NEGOTIATE; the two
// peers of a session have fixed one of them before it starts.
package pnp

import (
	"context"
	"slices"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// IntersectID names the default PNP.
const IntersectID = "pnp.intersect"

// Intersect is the paper's default PNP (§5.3): the initiator asks what the peer
// has for the class and keeps what both have, in the peer's order.
type Intersect struct{}

// Info describes the protocol.
func (Intersect) Info() protocol.Info {
	return protocol.Info{ID: IntersectID, Title: "Negotiation by intersection", Replay: 1}
}

// CompatibleWith is false for every class: a PNP operates on no instrument.
func (Intersect) CompatibleWith(instrument.ClassID) bool { return false }

// Operations is NEGOTIATE, with any class and peer.
func (Intersect) Operations(instrument.ClassID, comm.Role) []protocol.Operation {
	return []protocol.Operation{{Name: protocol.Negotiate, ReadOnly: true, Messages: true, Instruments: protocol.WantsNone}}
}

// DoOperation runs one side of NEGOTIATE.
func (Intersect) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	if c.Operation != protocol.Negotiate {
		return protocol.Result{}, fault.New(fault.Unsupported, "%s has no operation %q", IntersectID, c.Operation).Because("operation-unknown")
	}
	var n protocol.Negotiation
	if err := c.Arguments(&n); err != nil {
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
