package vendor

import (
	"context"
	"errors"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// reasonWalletDiffers marks a withdrawal that another wallet has selected than that of the
// customer in front of us.
const reasonWalletDiffers fault.Reason = "wallet-differs"

// anotherWallet is why a withdrawal is given up whose QR code another wallet took.
const anotherWallet = "another wallet than the customer's took the QR code"

// reasonNeverArrived marks a charge that was sent and cannot arrive any more.
const reasonNeverArrived fault.Reason = "charge-never-arrived"

// reasonReturned marks a payment that was given back before anybody here knew of it. The
// record of a card payment has the same word.
const reasonReturned fault.Reason = "payment-returned"

// Receipt is the result of a card payment that went well, as card.pay returns it.
type Receipt struct {
	Transaction string            `json:"transaction"`
	Amount      instrument.Amount `json:"amount"`
	Reference   string            `json:"reference"`
	State       string            `json:"state"`
}

// takePayment has the card charged [4][5][6], once it is known that the wallet which has
// selected is the one in front of us.
func (t *Terminal) takePayment(ctx context.Context, w *Withdrawal, card string, s Screen) error {
	transaction, err := t.paidBefore(ctx, w)
	if err == nil && transaction == "" {
		transaction, err = t.letPay(ctx, w, card, s)
	}
	for pause := 500 * time.Millisecond; errors.Is(err, fault.Unknown) && ctx.Err() == nil; pause = min(2*pause, 10*time.Second) {
		s.Show(Event{Event: EventUnknown, Reason: fault.From(err).Message})
		transaction, err = t.lookUp(ctx, w, pause)
	}
	switch fault.ReasonOf(err) {
	case reasonNeverArrived, reasonRechosen:
		return nil // from the beginning
	}
	if errors.Is(err, fault.Declined) || fault.ReasonOf(err) == reasonWalletDiffers { // nothing was charged
		return t.Abort(ctx, w, fault.From(err).Message)
	}
	if err != nil {
		return err
	}
	s.Show(Event{Event: EventPaid, Transaction: transaction})
	return t.change(ctx, w, taler.TerminalPaid, func(r *taler.TerminalWithdrawal) { r.Transaction = transaction })
}

// letPay lets the customer pay, by the means that they choose.
func (t *Terminal) letPay(ctx context.Context, w *Withdrawal, card string, s Screen) (string, error) {
	by := Means{Card: card}
	if c, ok := s.(Chooser); ok && card == "" {
		var err error
		if by, err = c.Choose(ctx, *w); err != nil {
			return "", err
		}
	}
	switch {
	case by.Card != "":
		return t.plastic(ctx, w, by.Card, s)
	case by.Reader:
		return t.byReader(ctx, w, s)
	}
	return t.sell(ctx, w, s)
}

// paidBefore finds a payment that an earlier life has begun. It may have been charged, so
// the provider is asked before anybody shows a card. LOOKUP says Unknown as long as a
// charge may still arrive, and NotFound after that. A payment that was charged and given
// back ends the withdrawal (fault.Declined): the customer has not agreed to pay again.
func (t *Terminal) paidBefore(ctx context.Context, w *Withdrawal) (string, error) {
	p, err := t.cardPayment(ctx, w.Reference())
	if errors.Is(err, fault.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	switch {
	case p.status == cardPaid:
		return p.Transaction, nil
	case p.status == cardDeclined && p.Reason == string(reasonReturned):
		return "", givenBack()
	case p.status == cardDeclined:
		return "", nil
	}
	f, err := t.facts(ctx, w)
	switch {
	case err == nil && f.State == protocol.FactFailed && !f.Refunded.IsZero():
		return "", givenBack()
	case neverArrived(err), err == nil && f.State == protocol.FactFailed:
		return "", nil
	}
	if err == nil && f.State != protocol.FactPaid {
		err = fault.New(fault.Unknown, "the provider has not decided about the first payment yet").Because("provider-unknown")
	}
	return f.Transaction, err
}

// sameWallet makes sure, before a card is asked for, that the customer in front of
// the terminal has the wallet that selected, and that the bank still has the withdrawal
// for it.
func (t *Terminal) sameWallet(ctx context.Context, w *Withdrawal, s Screen) error {
	same, err := s.SameWallet(ctx, w.groups())
	if err != nil {
		return err
	}
	if !same {
		return fault.New(fault.Denied, anotherWallet).Because(reasonWalletDiffers)
	}
	if err := t.stillAgreed(ctx, w); err != nil { // a wallet may have aborted while its owner looked for the card
		return err
	}
	return t.notGivenUp(ctx, w)
}

// plastic charges a card whose token is here.
func (t *Terminal) plastic(ctx context.Context, w *Withdrawal, card string, s Screen) (string, error) {
	if err := t.sameWallet(ctx, w, s); err != nil {
		return "", err
	}
	provider, err := t.Provider(ctx)
	if err != nil {
		return "", err
	}
	var r Receipt
	err = t.alone(ctx, controller.Transaction{
		Protocol: protocolCard, Operation: operationCharge, Class: ClassCardPayment, Instruments: []instrument.ID{provider},
		Args: map[string]any{"token": card, "reference": w.Reference(), "amount": w.Total, "merchant": t.cfg.Merchant},
	}, &r)
	return r.Transaction, err
}

// lookUp asks the provider by reference, after a pause, what became of a payment
// whose answer is missing.
func (t *Terminal) lookUp(ctx context.Context, w *Withdrawal, pause time.Duration) (string, error) {
	select {
	case <-time.After(pause):
	case <-ctx.Done():
		return "", fault.Wrap(ctx.Err(), fault.Unknown, "the payment's outcome is unknown").Because(protocol.ReasonPending)
	}
	f, err := t.facts(ctx, w)
	switch {
	case neverArrived(err):
		return "", fault.Wrap(err, fault.NotFound, "the charge never got to the provider").Because(reasonNeverArrived)
	case errors.Is(err, fault.Unavailable), errors.Is(err, fault.Timeout):
		return "", fault.Wrap(err, fault.Unknown, "the provider does not know the payment yet").Because("provider-unknown")
	case err != nil:
		return "", err
	case f.State == protocol.FactPaid:
		return f.Transaction, nil
	case f.State == protocol.FactFailed && !f.Refunded.IsZero():
		return "", givenBack()
	case f.State == protocol.FactFailed:
		return "", fault.New(fault.Declined, "the card was declined").Because("card-declined")
	}
	return "", fault.New(fault.Unknown, "the provider has not decided yet").Because("provider-unknown")
}

func givenBack() error {
	return fault.New(fault.Declined, "the payment was given back").Because(reasonReturned)
}

// neverArrived tells that from a terminal that has no provider to ask.
func neverArrived(err error) bool {
	return errors.Is(err, fault.NotFound) && fault.ReasonOf(err) != "provider-unknown"
}

func (t *Terminal) facts(ctx context.Context, w *Withdrawal) (protocol.Facts, error) {
	return t.factsOf(ctx, w.Reference())
}

// factsOf asks the provider what became of a payment, which moves if that is final.
func (t *Terminal) factsOf(ctx context.Context, reference string) (protocol.Facts, error) {
	provider, err := t.Provider(ctx)
	if err != nil {
		return protocol.Facts{}, err
	}
	var f protocol.Facts
	err = t.alone(ctx, controller.Transaction{
		Protocol: protocolCard, Operation: operationLookup, Class: ClassCardPayment, Instruments: []instrument.ID{provider},
		Args: map[string]string{"reference": reference},
	}, &f)
	return f, err
}
