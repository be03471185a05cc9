package client

import (
	"context"
	"errors"
	"fmt"

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
	r.paid, r.tries, r.payee, r.payer = "", 0, "", ""
	begun, err := r.w.Protocols().Look(ctx, protocol.Filter{Side: protocol.Initiator, Class: ClassCard})
	if err != nil {
		return err
	}
	for _, p := range begun {
		if p.Operation != protocol.Pay || p.Invoice[controller.InvoiceReference] != reserve.WOPID.Text() {
			continue
		}
		r.tries++
		if p.Fault != nil && p.Fault.Reason == protocol.ReasonAbandoned { // which is refused while anything is outside
			continue
		}
		r.payee = p.Invoice[controller.InvoiceMerchant] // the newest comes first: at last that of the first one
		if len(p.Instruments) > 0 {
			r.payer = p.Instruments[0]
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

// unpaid refuses a withdrawal that was paid before, or may have been: fault.Conflict, reason
// "withdrawal-paid".
func (r *withdrawal) unpaid(ctx context.Context, reserve taler.Reserve) error {
	if err := r.paidBefore(ctx, reserve); err != nil {
		return err
	}
	if r.paid != "" {
		return r.onward(ctx, fault.New(fault.Conflict, "%s", r.paid).Because(reasonPaidBefore))
	}
	return nil
}

// once is the operation under which a withdrawal is paid now: op, if a person's key names one, else
// one that is named by the withdrawal and by how many payments of it have failed. So the store lets
// one of two processes through that come to the terminal at once.
func (r *withdrawal) once(ctx context.Context, reserve taler.Reserve, op instrument.OperationID) (instrument.OperationID, error) {
	if err := r.unpaid(ctx, reserve); err != nil || op != "" { // it takes a while to get here
		return op, err
	}
	return r.w.Controller.OperationID(fmt.Sprintf("withdrawal %s %d", r.id, r.tries+1))
}

// asBefore refuses an offer of another merchant than an earlier payment of the withdrawal was for, and
// another card than that one was by. A card pays a merchant once for a reference, however often it is
// authorised; a terminal that takes authorisations, denies it and then sells under another name, or takes
// that of another card, would have both charged.
func (r *withdrawal) asBefore(ctx context.Context, o instrument.OfferBody, card instrument.ID) error {
	if r.payee != "" && o.Invoice[controller.InvoiceMerchant] != r.payee {
		return fault.New(fault.Denied, "the terminal wants the money for %q, and at first for %q: nothing more was paid",
			fault.Clip(o.Invoice[controller.InvoiceMerchant]), fault.Clip(r.payee)).Because("payee-differs").
			WithHint("ask at the terminal whether your card was charged; else %s", newCode)
	}
	if r.payer == "" || card == r.payer {
		return nil
	}
	with := string(r.payer)
	if i, err := r.w.Instruments().View(ctx, r.payer); err == nil && i.Name != "" {
		with = i.Name
	}
	return fault.New(fault.Denied, "the terminal was given %s for this withdrawal before, and could have both cards charged: nothing more was paid", with).
		Because("card-differs").WithHint("pay with --instrument %q; to pay with another card, %s", with, newCode)
}

// overtaken is the fault of a payment that has failed with err, if another process has made one
// meanwhile.
func (r *withdrawal) overtaken(ctx context.Context, reserve taler.Reserve, err error) error {
	reused := fault.ReasonOf(err) == protocol.ReasonKeyReused
	if !reused && !errors.Is(err, fault.Locked) {
		return err
	}
	if paid := r.unpaid(ctx, reserve); fault.ReasonOf(paid) == reasonPaidBefore {
		return paid
	}
	if reused {
		return taken() // and its payment has failed, or it is not known yet
	}
	return err
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
