package taler

import (
	"context"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// The operations of a withdrawal of coins, in either form.
const (
	Preview  = "PREVIEW"  // what an amount becomes
	Prepare  = "PREPARE"  // a new reserve
	Prove    = "PROVE"    // this wallet has the reserve's key
	Await    = "AWAIT"    // has the money arrived?
	Withdraw = "WITHDRAW" // make coins of it
	Abandon  = "ABANDON"  // the money will not come
)

// coinWithdrawal is the protocol between a wallet and an exchange, in one form:
// taler.batch-withdraw or taler.withdraw-26. Which of them is a matter of
// negotiation; a reserve belongs to neither before it has sent something.
type coinWithdrawal struct{ form form }

// Info implements protocol.Protocol.
func (w coinWithdrawal) Info() protocol.Info {
	return protocol.Info{ID: w.form.id, Title: w.form.title, Replay: 3}
}

// CompatibleWith implements protocol.Protocol.
func (coinWithdrawal) CompatibleWith(class instrument.ClassID) bool { return class == reserveID }

// Operations implements protocol.Protocol.
func (coinWithdrawal) Operations(class instrument.ClassID, peer comm.Role) []protocol.Operation {
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
func (w coinWithdrawal) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
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
		return w.withdraw(ctx, s, c)
	case Abandon:
		return abandon(ctx, s, c)
	}
	return protocol.Result{}, fault.New(fault.Unsupported, "%s has no operation %s", w.form.id, c.Operation).Because("operation-unknown")
}
