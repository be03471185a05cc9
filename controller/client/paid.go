package client

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// What is known of the payment of a withdrawal, for whoever waits for its cash.
const perhapsCharged = "it is not known yet whether your card was charged; the terminal finds that out, so do not pay again"

// reasonPaidBefore marks a withdrawal that this wallet has paid, or may have.
const reasonPaidBefore fault.Reason = "withdrawal-paid"

func charged(price instrument.Amount) string {
	return "your card was charged " + price.String() + ", so nothing is to be paid again"
}

// paidBefore finds what this wallet has paid for a withdrawal over a session, in another run of
// it or by Pay. What may have been paid is not paid again: the terminal finds out what became of
// it, and the bank's verdict says so.
func (r *withdrawal) paidBefore(ctx context.Context, reserve taler.Reserve) error {
	r.paid = ""
	begun, err := r.w.Protocols().Look(ctx, protocol.Filter{Side: protocol.Initiator})
	if err != nil {
		return err
	}
	for _, p := range begun {
		if p.Operation != protocol.Pay || p.Class != ClassCard || p.Invoice[controller.InvoiceReference] != reserve.WOPID.Text() {
			continue
		}
		switch {
		case p.Result != nil:
			r.paid = charged(p.Result.Amount)
			return nil
		case p.Fault == nil || mayHavePaid(p.Fault):
			r.paid = perhapsCharged
		}
	}
	return nil
}

// mayHavePaid reports whether a payment that has ended like this may have been made. One that its
// payer has given up, or for which the terminal had no time, is made again if they want that: what
// was charged already the terminal finds by the withdrawal's reference.
func mayHavePaid(end *fault.Fault) bool {
	switch end.Reason {
	case protocol.ReasonForgone, protocol.ReasonAbandoned: // the second is refused while anything is outside
		return false
	}
	return !fault.NothingHappened(end) && !errors.Is(end, fault.Locked)
}
