package vendor

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
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
	number, label := inv[controller.InvoiceAccount], inv[controller.InvoiceLabel]
	if label == "" || len(label) > maxLabel {
		return instrument.Terms{}, nil, fault.New(fault.Invalid, "a payment into an account has a label of at most %d bytes", maxLabel).Because("label-malformed")
	}
	amount, err := instrument.ParseAmount(inv[controller.InvoiceAmount])
	if err != nil {
		return instrument.Terms{}, nil, err
	}
	a, err := t.accountOf(ctx, who, number)
	if err != nil {
		return instrument.Terms{}, nil, err
	}
	reference := topUpReference(number, label)
	if err := t.mayPayIn(ctx, a, reference, amount); err != nil {
		return instrument.Terms{}, nil, err
	}
	return instrument.Terms{Price: amount, Text: "goes into your account"}, instrument.Invoice{
		controller.InvoiceReference: reference, controller.InvoiceMerchant: t.cfg.Merchant, controller.InvoiceAccount: number,
	}, nil
}

// account is what a terminal reads of a prepaid account.
type account struct {
	Currency           string
	Credited, Refunded instrument.Amount
}

// accountOf is an account of a peer's, with all in it that was paid in; one that is another's is
// fault.NotFound.
func (t *Terminal) accountOf(ctx context.Context, who controller.Caller, number string) (a account, err error) {
	if err := t.creditOwed(ctx); err != nil {
		return a, err
	}
	i, err := t.Instruments().Lookup(ctx, ClassPrepaid, "account", number)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return a, err
	}
	if err != nil || i.Owner != who.Principal.ID && i.Owner != customerID(nobodysKey) {
		return a, fault.New(fault.NotFound, "you have no account %q here", number).Because("account-unknown")
	}
	err = i.Decode(&a)
	return a, err
}

// mayPayIn refuses what an account cannot take: other money, another sum under a label that was
// used, and more than it can hold.
func (t *Terminal) mayPayIn(ctx context.Context, a account, reference string, amount instrument.Amount) error {
	if amount.Currency != a.Currency || amount.IsZero() {
		return fault.New(fault.Invalid, "this account takes an amount of %s, not %s", a.Currency, amount).Because("currency-differs")
	}
	before, err := t.cardPayment(ctx, reference)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	if err == nil && before.Amount != amount {
		return fault.New(fault.Conflict, "this label was given to another sum, and is one payment into this account").Because("label-reused").
			WithHint("for another payment take another one: label=NAME")
	}
	counted := before.status == cardPaid
	if all, err := a.Credited.Add(a.Refunded); err != nil || !counted && tooMuch(all, amount) {
		return fault.New(fault.Declined, "%s is more than this account can hold", amount).Because("amount-too-large").
			WithHint("pay in less, or open another account")
	}
	return nil
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
