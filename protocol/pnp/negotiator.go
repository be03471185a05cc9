package pnp

import (
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// negotiator is what all PNPs have in common.
type negotiator struct{}

// CompatibleWith is false for every class: a PNP operates on no instrument.
func (negotiator) CompatibleWith(instrument.ClassID) bool { return false }

// Operations is NEGOTIATE, with any class and peer.
func (negotiator) Operations(instrument.ClassID, comm.Role) []protocol.Operation {
	return []protocol.Operation{{Name: protocol.Negotiate, ReadOnly: true, Messages: true, Instruments: protocol.WantsNone}}
}

// asked is what NEGOTIATE, the one operation of a PNP, is about.
func asked(pnp string, c protocol.Call) (n protocol.Negotiation, err error) {
	if c.Operation != protocol.Negotiate {
		return n, fault.New(fault.Unsupported, "%s has no operation %q", pnp, c.Operation).Because("operation-unknown")
	}
	err = c.Arguments(&n)
	return n, err
}
