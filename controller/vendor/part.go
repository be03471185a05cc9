package vendor

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// readPart is the pure reading of what an invoice says of a part.
func readPart(inv instrument.Invoice) (s share, total instrument.Amount, err error) {
	malformed := func(format string, args ...any) (share, instrument.Amount, error) {
		return share{}, instrument.Amount{}, fault.New(fault.Invalid, format, args...).Because("part-malformed")
	}
	if _, into := inv[controller.InvoiceAccount]; into { // else it would be taken, and be in no account
		return s, total, fault.New(fault.Invalid, "an account is paid into whole, and by one card").Because("part-malformed").
			WithHint("pay with a card and nothing else")
	}
	s.Name = inv[controller.InvoicePart]
	if name := inv[controller.InvoicePayment]; len(name) > maxLabel || s.Name == "" || len(s.Name) > maxLabel {
		return malformed("a part of a payment has names of at most %d bytes, its own and the payment's", maxLabel)
	}
	if total, err = instrument.ParseAmount(inv[controller.InvoiceTotal]); err != nil {
		return s, total, err
	}
	if s.Amount, err = instrument.ParseAmount(inv[controller.InvoiceAmount]); err != nil {
		return s, total, err
	}
	if c, err := s.Amount.Cmp(total); err != nil || c > 0 || s.Amount.IsZero() {
		return malformed("a part is of something, in the money of the total, and no more than it")
	}
	return s, total, nil
}

// partTerms are the terms for a part: its amount, by any class that this vendor
// takes, by card if there is a provider to charge it. A class with a price of its own
// pays no part.
func (s servicing) partTerms(ctx context.Context, who controller.Caller, inv instrument.Invoice, class instrument.ClassID) (instrument.Terms, instrument.Invoice, error) {
	p, _, err := readPart(inv)
	if err != nil {
		return instrument.Terms{}, nil, err
	}
	if _, own := s.t.cfg.Prices[class]; own {
		return instrument.Terms{}, nil, notTaken(class)
	}
	if class != ClassCard {
		if ours(class) {
			return instrument.Terms{}, nil, notTaken(class)
		}
		return s.price(ctx, inv)
	}
	return s.cardTerms(ctx, inv, partReference(who.Peer.Key, inv[controller.InvoicePayment], p.Name))
}

func notTaken(class instrument.ClassID) error {
	return fault.New(fault.Unsupported, "%s cannot pay for this", class).Because("class-not-offered")
}

// preparePart puts a part on record before it is taken, so that it can be found whatever
// becomes of it. A payment that is paid or given back takes no more parts.
func (t *Terminal) preparePart(ctx context.Context, who controller.Caller, x *controller.Transaction) error {
	if x.Class != ClassCard && ours(x.Class) {
		return fault.New(fault.Denied, "a wallet may not ask a terminal for %s", x.Operation).Because("not-granted")
	}
	if x.Class == ClassPrepaid {
		if err := t.creditOwed(ctx); err != nil {
			return err
		}
	}
	if err := t.enrol(ctx, who.Peer.Key, x); err != nil || x.Class != ClassCard {
		return err
	}
	provider, err := t.Provider(ctx)
	x.Instruments, x.Reference = []instrument.ID{provider}, x.Invoice[controller.InvoiceReference]
	return err
}

// enrol claims a part for an operation, until the operation has ended.
func (t *Terminal) enrol(ctx context.Context, payer string, x *controller.Transaction) error {
	part, total, err := readPart(x.Invoice)
	if err != nil {
		return err
	}
	part.Class = x.Class
	w := whole{Payer: payer, Name: x.Invoice[controller.InvoicePayment], Total: total, Product: x.Invoice[InvoiceProduct]}
	leave := t.taking.take(x.ID)
	if err := t.claim(ctx, w, part, x.ID); err != nil {
		leave()
		return err
	}
	op, once := x.ID, sync.Once{}
	x.Leave = func(outcome error) {
		once.Do(func() {
			leave()
			if outcome != nil {
				t.Protocols().Spawn(func() { t.letGo(ctx, w.key(), op) })
			}
		})
	}
	return nil
}

// claim puts an operation on the record of a payment as the one that pays a part.
func (t *Terminal) claim(ctx context.Context, asked whole, part share, op instrument.OperationID) error {
	life := t.Protocols().Runner()
	err := t.changeWhole(ctx, asked.key(), func(i *instrument.Instance, w *whole) error {
		if w.Total != asked.Total {
			return fault.New(fault.Conflict, "this payment is of %s, not of %s", w.Total, asked.Total).Because("total-differs")
		}
		if w.Product != asked.Product {
			return fault.New(fault.Conflict, "the parts of this payment are for another product").Because("product-differs")
		}
		if i.Status == PaymentPaid && w.isPaid(part, op) { // its payer may not have heard of it
			return partPaid(part.Name)
		}
		if i.Status != PaymentOpen {
			return fault.New(fault.Conflict, "this payment is %s and takes no more parts", i.Status).Because("payment-over")
		}
		return w.add(part, op, life)
	})
	if !errors.Is(err, fault.NotFound) {
		return err
	}
	if err := t.mayBegin(ctx, asked.Payer); err != nil {
		return err
	}
	if err := t.room(ctx, asked.Payer); err != nil {
		return err
	}
	first := asked
	first.Begun = t.Now().UTC()
	if err := first.add(part, op, life); err != nil {
		return err
	}
	err = t.begin(ctx, PaymentOpen, first)
	if fault.ReasonOf(err) == "payment-taken" { // by another part at the same time
		return t.claim(ctx, asked, part, op)
	}
	return err
}

// A payer may begin so many payments within a day without paying anything of them. A
// part is put on record before it has paid, and anybody can make a key, so a record
// costs nobody anything.
const (
	maxUnpaid   = 32
	unpaidCount = 24 * time.Hour
)

// mayBegin refuses a further payment of a payer who only begins them.
func (t *Terminal) mayBegin(ctx context.Context, payer string) error {
	open, err := t.Instruments().List(ctx, instrument.Filter{Class: controller.ClassPayment, Owner: customerID(payer), Status: PaymentOpen})
	if err != nil || len(open) < maxUnpaid {
		return err
	}
	unpaid := 0
	for _, i := range open {
		var w whole
		if err := i.Decode(&w); err != nil {
			return err
		}
		if t.Now().Sub(w.Begun) >= unpaidCount {
			continue
		}
		if w.idle() { // then its operations need not be looked up
			unpaid++
			continue
		}
		paid, running, err := t.fates(ctx, w)
		if err != nil {
			return err
		}
		if !anyOf(paid) && !anyOf(running) {
			unpaid++
		}
	}
	if unpaid < maxUnpaid {
		return nil
	}
	return fault.New(fault.Declined, "you have begun %d payments here today of which nothing was paid", unpaid).Because("payments-unpaid").
		WithHint("go on with one of them, pay with one instrument, or try again tomorrow")
}

func anyOf(ops map[instrument.OperationID]bool) bool {
	for _, is := range ops {
		if is {
			return true
		}
	}
	return false
}

// begin stores the record of a payment.
func (t *Terminal) begin(ctx context.Context, status string, w whole) error {
	i := instrument.Instance{Class: controller.ClassPayment, Owner: customerID(w.Payer), Name: w.Name, Status: status, Keys: map[string]string{keyPayment: w.key()}}
	if err := i.Encode(w); err != nil {
		return err
	}
	t.Passes(protocol.PointBeforeRecord)
	defer t.Passes(protocol.PointAfterRecord)
	return t.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		_, err := tx.Create(i)
		return err
	})
}
