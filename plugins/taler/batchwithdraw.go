package taler

import (
	"context"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// The operations of taler.batch-withdraw.
const (
	Preview  = "PREVIEW"  // what an amount becomes
	Prepare  = "PREPARE"  // a new reserve
	Prove    = "PROVE"    // this wallet has the reserve's key
	Await    = "AWAIT"    // has the money arrived?
	Withdraw = "WITHDRAW" // make coins of it
	Abandon  = "ABANDON"  // the money will not come
)

// batchWithdrawal is the protocol taler.batch-withdraw: the wallet alone with an
// exchange, in the form of exchange protocols 15 to 25.
type batchWithdrawal struct{}

// Info implements protocol.Protocol.
func (batchWithdrawal) Info() protocol.Info {
	return protocol.Info{ID: "taler.batch-withdraw", Title: "Withdraw digital cash from an exchange", Replay: 1}
}

// CompatibleWith implements protocol.Protocol.
func (batchWithdrawal) CompatibleWith(class instrument.ClassID) bool { return class == reserveID }

// Operations implements protocol.Protocol.
func (batchWithdrawal) Operations(class instrument.ClassID, peer comm.Role) []protocol.Operation {
	if class != reserveID || peer != "" {
		return nil
	}
	return []protocol.Operation{
		{Name: Preview, ReadOnly: true},
		{Name: Prepare, Keyed: true},
		{Name: Prove, ReadOnly: true},
		{Name: Await, ReadOnly: true},
		{Name: Withdraw},
		{Name: Abandon},
	}
}

// DoOperation implements protocol.Protocol.
func (batchWithdrawal) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	switch c.Operation {
	case Preview:
		return preview(ctx, s, c)
	case Prepare:
		return prepare(ctx, s, c)
	case Prove:
		return prove(ctx, s, c)
	case Await:
		return await(ctx, s, c)
	case Withdraw:
		return withdraw(ctx, s, c)
	case Abandon:
		return abandon(ctx, s, c)
	}
	return protocol.Result{}, fault.New(fault.Unsupported, "taler.batch-withdraw has no operation %s", c.Operation).Because("operation-unknown")
}
