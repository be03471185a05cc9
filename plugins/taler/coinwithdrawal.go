package taler

import (
	"context"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// coinWithdrawal is the protocol between a wallet and an exchange, in one of two forms:
// taler.batch-withdraw or taler.withdraw-26. Negotiation decides which; a reserve is not
// bound to a form before a request for its coins was made.
type coinWithdrawal struct{ form form }

// Info implements protocol.Protocol.
func (w coinWithdrawal) Info() protocol.Info {
	return protocol.Info{ID: w.form.id, Title: w.form.title, Replay: 5}
}

// CompatibleWith implements protocol.Protocol.
func (coinWithdrawal) CompatibleWith(class instrument.ClassID) bool { return class == reserveID }

// Operations implements protocol.Protocol.
func (coinWithdrawal) Operations(class instrument.ClassID, peer comm.Role) []protocol.Operation {
	if class != reserveID || peer != "" {
		return nil
	}
	return []protocol.Operation{
		{Name: taler.OperationPreview, ReadOnly: true},
		{Name: taler.OperationPrepare, Keyed: true},
		{Name: taler.OperationProve, ReadOnly: true},
		{Name: taler.OperationAwait, ReadOnly: true},
		{Name: taler.OperationWithdraw},
		{Name: taler.OperationAbandon},
	}
}

// DoOperation implements protocol.Protocol.
func (w coinWithdrawal) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	switch c.Operation {
	case taler.OperationPreview:
		return preview(ctx, s, c)
	case taler.OperationPrepare:
		return prepare(ctx, s, c)
	case taler.OperationProve:
		return prove(ctx, s, c)
	case taler.OperationAwait:
		return await(ctx, s, c)
	case taler.OperationWithdraw:
		return w.withdraw(ctx, s, c)
	case taler.OperationAbandon:
		return abandon(ctx, s, c)
	}
	return protocol.Result{}, fault.New(fault.Unsupported, "%s has no operation %s", w.form.id, c.Operation).Because("operation-unknown")
}
