package taler

import (
	"context"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// withdrawal is the protocol taler.withdraw, for a party of one role. Every operation has
// arguments and a result and no messages, so that each is one request of Taler's REST APIs
// as well. Each is safe to repeat by a unique key, and answers with the present state.
type withdrawal struct{ role comm.Role }

// Info implements protocol.Protocol.
func (withdrawal) Info() protocol.Info {
	return protocol.Info{ID: taler.ProtocolWithdraw, Title: "Buy digital cash", Replay: 1}
}

// CompatibleWith implements protocol.Protocol.
func (withdrawal) CompatibleWith(class instrument.ClassID) bool { return class == withdrawalID }

// Operations implements protocol.Protocol. At a bank the peer is a terminal or a
// wallet, or nobody: then its operator may abort.
func (w withdrawal) Operations(class instrument.ClassID, peer comm.Role) []protocol.Operation {
	if class != withdrawalID {
		return nil
	}
	switch [2]comm.Role{w.role, peer} {
	case [2]comm.Role{comm.Vendor, comm.Bank}, [2]comm.Role{comm.Bank, comm.Vendor}:
		return keyed(taler.OperationSetUp, taler.OperationConfirm, taler.OperationAbort)
	case [2]comm.Role{comm.Client, comm.Bank}, [2]comm.Role{comm.Bank, comm.Client}:
		return keyed(taler.OperationSelect, taler.OperationAbort)
	case [2]comm.Role{comm.Bank, ""}:
		return keyed(taler.OperationAbort)
	}
	return nil
}

func keyed(names ...string) []protocol.Operation {
	out := make([]protocol.Operation, len(names))
	for n, name := range names {
		out[n] = protocol.Operation{Name: name, Keyed: true}
	}
	return out
}

// DoOperation implements protocol.Protocol. At the bank both sides are its own:
// what its operator does has no peer, and is served here.
func (w withdrawal) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	side := s.Side()
	if w.role == comm.Bank {
		side = protocol.Servicer
	}
	switch (step{side, c.Operation}) {
	case step{protocol.Initiator, taler.OperationSetUp}:
		return askForSetup(ctx, s, c)
	case step{protocol.Servicer, taler.OperationSetUp}:
		return setUp(ctx, s, c)
	case step{protocol.Initiator, taler.OperationSelect}:
		return askForSelection(ctx, s, c)
	case step{protocol.Servicer, taler.OperationSelect}:
		return selectReserve(ctx, s, c)
	case step{protocol.Initiator, taler.OperationConfirm}:
		return notify(ctx, s, c)
	case step{protocol.Servicer, taler.OperationConfirm}:
		return takeNotice(ctx, s, c)
	case step{protocol.Initiator, taler.OperationAbort}:
		return askForAbort(ctx, s, c)
	case step{protocol.Servicer, taler.OperationAbort}:
		return abort(ctx, s, c)
	}
	return protocol.Result{}, fault.New(fault.Unsupported, "%s has no operation %s here", taler.ProtocolWithdraw, c.Operation).Because("operation-unknown")
}
