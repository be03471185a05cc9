package vendor

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// unheard finds out whether a PAY that has ended without an outcome has charged a card after
// all: the provider is asked, and what is on record then counts. nil: it has, and it is the
// payment of no other operation. Else it has paid nothing (fault.NotFound), or the
// provider has not decided (fault.Unknown).
func (t *Terminal) unheard(ctx context.Context, op instrument.OperationID, r protocol.Record) error {
	nothing := fault.New(fault.NotFound, "operation %s has paid nothing here", protocol.Short(op)).Because("payment-unknown")
	if r.State != protocol.Ended || r.Class != ClassCard {
		return nothing
	}
	begun, err := t.paidBy(ctx, r.Peer, op)
	if err != nil {
		return err
	}
	reference := begun.Call.Offer.Invoice[controller.InvoiceReference]
	p, err := t.cardPayment(ctx, reference)
	if err == nil && p.status == cardPending {
		if _, err = t.factsOf(ctx, reference); err == nil {
			p, err = t.cardPayment(ctx, reference)
		}
	}
	switch {
	case neverArrived(err):
		return nothing
	case err != nil:
		return err
	case p.status == cardPending:
		return fault.New(fault.Unknown, "the provider has not decided yet whether the card was charged").Because("provider-unknown").WithHint("try again later")
	case p.status == cardDeclined, p.Operation != "" && p.Operation != op:
		return nothing
	}
	return nil
}
