package bank

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// debitAccount names the card payment as the sender's account, so that a refund
// finds its way back to it.
func debitAccount(w taler.Withdrawal, p Provider) taler.Payto {
	return taler.Payto("payto://" + p.WireType() + "/" + url.PathEscape(w.ProviderTransactionID) + "?receiver-name=Card%20payment")
}

// creditor is the reverse: the withdrawal whose payment an account names, if it
// was confirmed and the exchange has had it. Two providers of one kind may call
// payments the same; then nobody can say whose it is. Unknown is
// ReasonUnknownCreditor.
func (b *Bank) creditor(ctx context.Context, x Exchange, account taler.Payto) (taler.Withdrawal, error) {
	paid, err := b.payers(ctx, account)
	if err != nil {
		return taler.Withdrawal{}, err
	}
	paid = slices.DeleteFunc(paid, func(w taler.Withdrawal) bool { return w.Exchange != x.Key() })
	if len(paid) != 1 {
		return taler.Withdrawal{}, fault.New(fault.Conflict, "no card payment that was paid out here has this account").Because(taler.ReasonUnknownCreditor)
	}
	return paid[0], nil
}

// isCard reports whether an account names a card payment that was paid out here.
func (b *Bank) isCard(ctx context.Context, account taler.Payto) bool {
	paid, err := b.payers(ctx, account)
	return err == nil && len(paid) > 0
}

// payers are the confirmed withdrawals whose payment an account may name.
func (b *Bank) payers(ctx context.Context, account taler.Payto) ([]taler.Withdrawal, error) {
	kind, isCard := strings.CutSuffix(account.Kind(), wireTypeSuffix)
	transaction, err := url.PathUnescape(account.Target())
	if !isCard || err != nil || transaction == "" {
		return nil, nil
	}
	all, err := b.Instruments().List(ctx, instrument.Filter{Class: ClassProvider}) // removed ones, too: their payments stay
	if err != nil {
		return nil, err
	}
	var paid []taler.Withdrawal
	for _, i := range all {
		var p Provider
		if err := i.Decode(&p); err != nil {
			return nil, err
		}
		if p.Kind != kind {
			continue
		}
		w, err := b.paidWith(ctx, p.Name, transaction)
		switch {
		case errors.Is(err, fault.NotFound):
		case err != nil:
			return nil, err
		case w.State == taler.StateConfirmed:
			paid = append(paid, w)
		}
	}
	return paid, nil
}

// paidWith finds the withdrawal that has claimed a provider's transaction.
func (b *Bank) paidWith(ctx context.Context, provider, transaction string) (taler.Withdrawal, error) {
	var w taler.Withdrawal
	i, err := b.Instruments().Lookup(ctx, ClassWithdrawal, KeyProviderTx, ProviderTx(provider, transaction))
	if err != nil {
		return w, err
	}
	err = i.Decode(&w)
	return w, err
}
