package bank

import (
	"context"
	"errors"
	"net/url"
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
// was confirmed. Two providers of one kind may call payments the same; then
// nobody can say whose it is. Unknown is ReasonUnknownCreditor.
func (b *Bank) creditor(ctx context.Context, account taler.Payto) (taler.Withdrawal, error) {
	none := fault.New(fault.Conflict, "no card payment that was paid out here has this account").Because(taler.ReasonUnknownCreditor)
	kind, isCard := strings.CutSuffix(account.Kind(), wireTypeSuffix)
	transaction, err := url.PathUnescape(account.Target())
	if !isCard || err != nil || transaction == "" {
		return taler.Withdrawal{}, none
	}
	all, err := b.Instruments().List(ctx, instrument.Filter{Class: ClassProvider}) // removed ones, too: their payments stay
	if err != nil {
		return taler.Withdrawal{}, err
	}
	var paid []taler.Withdrawal
	for _, i := range all {
		var p Provider
		if err := i.Decode(&p); err != nil {
			return taler.Withdrawal{}, err
		}
		if p.Kind != kind {
			continue
		}
		w, err := b.paidWith(ctx, p.Name, transaction)
		switch {
		case errors.Is(err, fault.NotFound):
		case err != nil:
			return taler.Withdrawal{}, err
		case w.State == taler.StateConfirmed:
			paid = append(paid, w)
		}
	}
	if len(paid) != 1 {
		return taler.Withdrawal{}, none
	}
	return paid[0], nil
}

// paidWith finds the withdrawal that has claimed a provider's transaction.
func (b *Bank) paidWith(ctx context.Context, provider, transaction string) (taler.Withdrawal, error) {
	var w taler.Withdrawal
	i, err := b.Instruments().Lookup(ctx, ClassWithdrawal, "provider_tx", providerTx(provider, transaction))
	if err != nil {
		return w, err
	}
	return w, i.Decode(&w)
}

// providerTx is the unique key of a payment.
func providerTx(provider, transaction string) string { return provider + "/" + transaction }
