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
	status, by, err := t.charge(ctx, reference)
	if err == nil && status == "pending" {
		if _, err = t.factsOf(ctx, reference); err == nil {
			status, by, err = t.charge(ctx, reference)
		}
	}
	switch {
	case neverArrived(err):
		return nothing
	case err != nil:
		return err
	case status == "pending":
		return fault.New(fault.Unknown, "the provider has not decided yet whether the card was charged").Because("provider-unknown").WithHint("try again later")
	case status == "declined", by != "" && by != op:
		return nothing
	}
	return nil
}

// charge is what is on record of a card payment: its status, and the PAY that was answered
// with it, if one was.
func (t *Terminal) charge(ctx context.Context, reference string) (status string, by instrument.OperationID, err error) {
	i, err := t.Instruments().Lookup(ctx, ClassCardPayment, "reference", reference)
	if err != nil {
		return "", "", err
	}
	var p struct{ Operation instrument.OperationID }
	err = i.Decode(&p)
	return i.Status, p.Operation, err
}
