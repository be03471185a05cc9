package vendor

import (
	"context"

	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
)

// ReadPart is readPart for the fuzzer: the amount of a part and the total.
func ReadPart(inv instrument.Invoice) (part, total instrument.Amount, err error) {
	s, total, err := readPart(inv)
	return s.Amount, total, err
}

// Crowd has strangers leave so much that there is room for one more at the next time,
// and says how much that was.
func (t *Terminal) Crowd() (n int) {
	for t.strangers.take(t.Now()) {
		n++
	}
	return n
}

// Room is room for the record of a key.
func (t *Terminal) Room(ctx context.Context, key string) error { return t.room(ctx, key) }

// Reading is what a card reader is serviced by.
func (t *Terminal) Reading() controller.Servicing { return reading{servicing{t}} }

// Of is of.
func (p Prices) Of(class instrument.ClassID, t instrument.Terms) (instrument.Terms, error) {
	return p.of(class, t)
}

// GoesOnDuringAnAbort reports whether a payment goes on to the provider while the bank is
// asked to abort its withdrawal.
func (t *Terminal) GoesOnDuringAnAbort() bool {
	s := &sale{}
	t.selling[s.w.Reference()] = s
	defer t.aborts(s.w.Reference())()
	return t.startPaying(s) == nil
}

// LookUp asks the provider for the payment of a withdrawal, which moves if that is final.
func (t *Terminal) LookUp(ctx context.Context, w Withdrawal) error {
	_, err := t.facts(ctx, &w)
	return err
}

// Claim claims a part for an operation that is about to pay it.
func (t *Terminal) Claim(ctx context.Context, payer string, inv instrument.Invoice, op instrument.OperationID) error {
	return t.enrol(ctx, payer, &controller.Transaction{ID: op, Class: "stamp", Invoice: inv})
}

// LetGo removes the claim of an operation, as when its attempt has ended without having paid.
func (t *Terminal) LetGo(ctx context.Context, payer, payment string, op instrument.OperationID) {
	t.letGo(ctx, whole{Payer: payer, Name: payment}.key(), op)
}
