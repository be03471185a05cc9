package main

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// shop is the vendor's servicing with the machine's prices. What it adds is said
// in Offers, not in an interceptor: a price belongs into the signed offer, and an
// offer that is not made needs no filter.
type shop struct {
	controller.Servicing
	shelf *shelf
	till  *vendor.Terminal
}

// Offers gives a product its price, for every class that a wallet can pay with
// and whatever the invoice says that it costs. What is not there is refused,
// with the reason. Without a product there is no price, and nothing can be paid,
// except into an account at this machine.
func (s *shop) Offers(ctx context.Context, who controller.Caller, inv instrument.Invoice, class instrument.ClassID) (instrument.Terms, instrument.Invoice, error) {
	name := inv[vendor.InvoiceProduct]
	if name == "" && inv[controller.InvoicePayment] != "" { // which says how much each part is of
		return instrument.Terms{}, nil, fault.New(fault.Invalid, "parts of a payment for which product?").Because("product-missing").WithHint("product=NAME; %s", s.shelf.sells())
	}
	if name == "" {
		if inv[controller.InvoiceAccount] == "" {
			inv = maps.Clone(inv)
			delete(inv, "amount")
		}
		return s.Servicing.Offers(ctx, who, inv, class)
	}
	price, err := s.shelf.offer(name, heldFor(who.Peer.Key, "", inv, s.till.Now()), s.over(ctx))
	if err != nil {
		return instrument.Terms{}, nil, err
	}
	asked := instrument.Invoice{vendor.InvoiceProduct: name, controller.InvoiceAmount: price.String()}
	if inv[controller.InvoicePayment] == "" {
		return s.Servicing.Offers(ctx, who, asked, class)
	}
	if total, err := instrument.ParseAmount(inv[controller.InvoiceTotal]); err != nil || total != price {
		return instrument.Terms{}, nil, fault.New(fault.Declined, "%s costs %s: that is what its parts are of", name, price).Because("total-differs")
	}
	for _, member := range []string{controller.InvoicePayment, controller.InvoicePart, controller.InvoiceTotal, controller.InvoiceAmount} {
		asked[member] = inv[member]
	}
	return s.Servicing.Offers(ctx, who, asked, class)
}

// Prepare keeps one piece for a payment that begins. An offer keeps none, so
// there may be more of them than pieces; whoever pays first has it.
func (s *shop) Prepare(ctx context.Context, who controller.Caller, e comm.Execute, t *controller.Transaction) error {
	if err := s.Servicing.Prepare(ctx, who, e, t); err != nil {
		return err
	}
	h := heldFor(who.Peer.Key, t.ID, t.Invoice, s.till.Now())
	if t.Operation != protocol.Pay || t.Invoice[controller.InvoiceAccount] != "" {
		return nil
	}
	name := t.Invoice[vendor.InvoiceProduct]
	if name == "" {
		return fault.New(fault.Invalid, "a machine wants to know what is bought").Because("product-missing").WithHint("say --item product=NAME; %s", s.shelf.sells())
	}
	return s.shelf.hold(name, h, s.over(ctx))
}

// How long a piece is kept for a payment of which nothing runs: a wallet that
// comes later with another part may find it sold, and gets back what it has paid.
const (
	keptUnpaid = time.Minute
	keptPartly = 10 * time.Minute
)

// over finds payments that a piece is kept for and that will never end: they were
// refused after Prepare, and never began, or nobody goes on with them.
func (s *shop) over(ctx context.Context) func(held) bool {
	return func(h held) bool {
		since := s.till.Now().Sub(h.since)
		if h.payment == "" {
			_, err := s.till.Protocols().Begun(ctx, h.peer, h.operation)
			return errors.Is(err, fault.NotFound) && since > keptUnpaid
		}
		p, err := s.till.Payment(ctx, h.peer, h.payment)
		switch {
		case err == nil && p.Status == vendor.PaymentClosed: // it takes no part any more
			return true
		case errors.Is(err, fault.NotFound):
			return since > keptUnpaid
		case err != nil, p.Status == vendor.PaymentPaid, since <= keptUnpaid, !p.Paid.IsZero() && since <= keptPartly:
			return false
		}
		return !s.pays(ctx, h)
	}
}

// pays says that the latest part of a payment is under way.
func (s *shop) pays(ctx context.Context, h held) bool {
	found, err := s.till.Protocols().Records(ctx, protocol.Filter{Prefix: string(h.operation), Side: protocol.Servicer, Peer: h.peer, Limit: 1})
	return err != nil || len(found) == 1 && found[0].State != protocol.Ended
}

// Ended gives back what was kept for a payment that failed. What was paid is kept
// until it is dispensed. A part that failed may be paid otherwise.
func (s *shop) Ended(t controller.Transaction, err error) {
	if err != nil {
		s.shelf.release(held{operation: t.ID})
	}
	s.Servicing.Ended(t, err)
}
