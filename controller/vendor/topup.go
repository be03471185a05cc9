package vendor

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

const maxLabel = 64

// nobodysKey is the key of peers on a line in clear. Cards do not pay on such a line, so
// anybody who names an account that was opened there may pay into it.
const nobodysKey = ""

// topUpTerms offers the holder of an account to pay into it by card. The label names the
// payment: under one label the card is charged once and the account credited once.
func (t *Terminal) topUpTerms(ctx context.Context, who controller.Caller, inv instrument.Invoice, class instrument.ClassID) (instrument.Terms, instrument.Invoice, error) {
	if class != ClassCard {
		return instrument.Terms{}, nil, fault.New(fault.Unsupported, "%s cannot pay into an account", class).Because("class-not-offered")
	}
	label := inv[controller.InvoiceLabel]
	if label == "" || len(label) > maxLabel {
		return instrument.Terms{}, nil, fault.New(fault.Invalid, "a payment into an account has a label of at most %d bytes", maxLabel).Because("label-malformed")
	}
	amount, err := instrument.ParseAmount(inv[controller.InvoiceAmount])
	if err != nil {
		return instrument.Terms{}, nil, err
	}
	if err := t.creditOwed(ctx); err != nil { // its balance is not known before
		return instrument.Terms{}, nil, err
	}
	i, err := t.Instruments().Lookup(ctx, ClassPrepaid, "account", inv[controller.InvoiceAccount])
	if err != nil && !errors.Is(err, fault.NotFound) {
		return instrument.Terms{}, nil, err
	}
	if err != nil || i.Owner != who.Principal.ID && i.Owner != customerID(nobodysKey) {
		return instrument.Terms{}, nil, fault.New(fault.NotFound, "you have no account %q here", inv[controller.InvoiceAccount]).Because("account-unknown")
	}
	var a struct {
		Currency           string
		Credited, Refunded instrument.Amount
	}
	if err := i.Decode(&a); err != nil {
		return instrument.Terms{}, nil, err
	}
	if amount.Currency != a.Currency || amount.IsZero() {
		return instrument.Terms{}, nil, fault.New(fault.Invalid, "this account takes an amount of %s, not %s", a.Currency, amount).Because("currency-differs")
	}
	reference := topUpReference(inv[controller.InvoiceAccount], label)
	before, err := t.cardPayment(ctx, reference)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return instrument.Terms{}, nil, err
	}
	if err == nil && before.Amount != amount {
		return instrument.Terms{}, nil, fault.New(fault.Conflict, "this label was given to another sum, and is one payment into this account").Because("label-reused").
			WithHint("for another payment take another one: label=NAME")
	}
	counted := before.status == cardPaid
	if all, err := a.Credited.Add(a.Refunded); err != nil || !counted && tooMuch(all, amount) {
		return instrument.Terms{}, nil, fault.New(fault.Declined, "%s is more than this account can hold", amount).Because("amount-too-large").
			WithHint("pay in less, or open another account")
	}
	return instrument.Terms{Price: amount, Text: "goes into your account"}, instrument.Invoice{
		controller.InvoiceReference: reference, controller.InvoiceMerchant: t.cfg.Merchant, controller.InvoiceAccount: inv[controller.InvoiceAccount],
	}, nil
}

// tooMuch reports whether the sum of two amounts is larger than an amount can be.
func tooMuch(a, b instrument.Amount) bool {
	_, err := a.Add(b)
	return err != nil
}

// maxAccounts is how many accounts one key may have here, because opening one is free.
const maxAccounts = 256

// mayOpen refuses a further account to somebody who has too many. On lines in clear
// nobody has a key, so all peers there count as one.
func (t *Terminal) mayOpen(ctx context.Context, who controller.Caller) error {
	if who.Peer.Key == nobodysKey {
		return t.room(ctx, nobodysKey)
	}
	theirs, err := t.Instruments().List(ctx, instrument.Filter{Class: ClassPrepaid, Owner: who.Principal.ID, Limit: maxAccounts})
	if err != nil {
		return err
	}
	if len(theirs) < maxAccounts {
		return t.room(ctx, who.Peer.Key)
	}
	return fault.New(fault.Declined, "you have %d accounts here, and get no more", len(theirs)).Because("accounts-too-many").
		WithHint("pay into one of them")
}

// owe notes that a payment into an account was made. It does not block.
func (t *Terminal) owe(reference string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.owed[reference] = true
}

// creditOwed credits what was paid in since this terminal was started. It is done before
// an account is used, so that whoever has paid in finds the money there. A credit that is
// refused for good, because the account cannot hold more, holds up no other account: it is
// logged, and the next life tries it again.
func (t *Terminal) creditOwed(ctx context.Context) error {
	t.mu.Lock()
	var owed []string
	for reference := range t.owed {
		owed = append(owed, reference)
	}
	t.mu.Unlock()
	var failed []error
	for _, reference := range owed {
		err := t.credit(ctx, reference)
		switch {
		case errors.Is(err, fault.Invalid), errors.Is(err, fault.NotFound):
			t.Log().Error("what was paid into an account cannot be credited", "reference", reference, "error", err)
		case err != nil:
			failed = append(failed, err)
			continue
		}
		t.mu.Lock()
		delete(t.owed, reference)
		t.mu.Unlock()
	}
	return errors.Join(failed...)
}

// CreditPaid credits every payment into an account that an earlier life has taken and
// not credited. It asks the provider about those whose outcome is not known.
func (t *Terminal) CreditPaid(ctx context.Context) error {
	all, err := t.cardPayments(ctx, "")
	if err != nil {
		return err
	}
	var failed []error
	for _, p := range all {
		if _, ok := topUp(p.Reference); !ok || p.status == cardDeclined {
			continue
		}
		if p.status == cardPending {
			f, err := t.factsOf(ctx, p.Reference)
			if err != nil || f.State != protocol.FactPaid {
				failed = append(failed, err)
				continue
			}
		}
		failed = append(failed, t.credit(ctx, p.Reference))
	}
	return errors.Join(failed...)
}

// credit books one card payment into the account that its reference names. The reference
// is a unique key of the credit, so the payment is booked once, however often and by
// however many processes this is called.
func (t *Terminal) credit(ctx context.Context, reference string) error {
	account, ok := topUp(reference)
	if !ok {
		return nil
	}
	paid, err := t.cardPayment(ctx, reference)
	if err != nil || paid.status != cardPaid {
		return err
	}
	if _, err := t.Instruments().Find(ctx, ClassCredit, "source", reference); err == nil {
		return nil
	}
	err = t.alone(ctx, controller.Transaction{
		Protocol: ProtocolPrepaid, Operation: OperationCredit, Class: ClassPrepaid,
		Args: map[string]any{"account": account, "amount": paid.Amount, "source": reference},
	}, nil)
	if fault.ReasonOf(err) == "source-taken" { // somebody else has booked it at the same time
		return nil
	}
	return err
}
