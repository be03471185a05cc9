package bank

import (
	"context"
	"unicode/utf8"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
)

// Look makes a bank for an operator's command, which may run beside the bank itself. It
// does nothing in the background, and whatever it is asked to do ends with ctx.
func Look(ctx context.Context, c *controller.Controller, cfg Config) *Bank {
	b := newBank(ctx, c, cfg)
	b.looking = true
	return b
}

// idle reports whether nothing new begins in the background. Its caller holds the lock.
func (b *Bank) idle() bool { return b.looking || b.life.Err() != nil }

// Retry asks the provider now, once, about the notice of a withdrawal, writes the verdict
// and says whether there is one. If the withdrawal has ended, it looks for payments that
// bought nothing, as an audit names them, and has them given back. It may run beside the
// bank, which does the giving back. If there is nothing to ask about and nothing is found,
// it is fault.Conflict, reason "nothing-to-verify".
func (b *Bank) Retry(ctx context.Context, id taler.WOPID) (decided bool, err error) {
	i, w, err := b.Withdrawal(ctx, id)
	if err != nil {
		return false, err
	}
	if !w.Undecided() {
		return b.lookBehind(i.ID, w)
	}
	if decided, err = b.verify(i.ID, w); decided || err != nil {
		return decided, err
	}
	w, err = b.view(ctx, i.ID) // the bank may have been faster
	return err == nil && !w.Undecided(), err
}

// lookBehind searches once for payments of a withdrawal that has ended, and reports
// whether it has found one that has to be given back and was not known before.
func (b *Bank) lookBehind(id instrument.ID, w taler.Withdrawal) (found bool, err error) {
	if !w.State.Final() {
		return false, fault.New(fault.Conflict, "this withdrawal has no undecided notice of a payment").Because(reasonNothing)
	}
	now := b.Now()
	x := search{id: id, ended: now}
	if _, _, err := b.search(&x, now); err != nil {
		return false, err
	}
	if x.owed == 0 {
		return false, fault.New(fault.Conflict, "the provider shows no payment of this withdrawal that is still to be given back").Because(reasonNothing).
			WithHint("`bank withdrawal show` names what was given back before")
	}
	return true, nil
}

// maxExplanation bounds the text of Explain and of Resolve, in bytes.
const maxExplanation = 1024

// Explain puts on record what the operator has found out about a payment of a withdrawal
// that the bank must not give back, Foreign in its record. Audits do not name that payment
// any more. It may be called again, with other words. The payment may be empty if there is one only;
// of several it is fault.Conflict, reason "payment-ambiguous". If there is no such payment, it is
// fault.Conflict, reason "nothing-to-explain".
func (b *Bank) Explain(ctx context.Context, id taler.WOPID, payment, why string) error {
	if err := checkExplanation(why); err != nil {
		return err
	}
	at, err := b.find(ctx, id)
	if err != nil {
		return err
	}
	var all []taler.ForeignPayment
	explained := false
	err = b.amend(ctx, at, func(w *taler.Withdrawal) bool {
		all = w.AllForeign()
		name := payment
		if name == "" && len(all) == 1 {
			name = w.Foreign
		}
		explained = w.ExplainForeign(name, why)
		return explained
	})
	switch {
	case err != nil || explained:
		return err
	case payment == "" && len(all) > 1:
		return fault.New(fault.Conflict, "the bank leaves %d payments of this withdrawal alone", len(all)).Because("payment-ambiguous").
			WithHint("name the one that you mean, with --payment; `bank withdrawal show` lists them")
	case payment != "" && len(all) > 0:
		return fault.New(fault.Conflict, "%q is no payment of this withdrawal that the bank leaves alone", payment).Because("nothing-to-explain").
			WithHint("`bank withdrawal show` lists those that are")
	default:
		return fault.New(fault.Conflict, "there is no payment of this withdrawal that the bank leaves alone").Because("nothing-to-explain").
			WithHint("`bank withdrawal retry` has payments that bought nothing looked for and given back")
	}
}

// ExplainRefunds puts on record what the operator has found out about refunds of the payment that has confirmed
// a withdrawal and that the books do not have, such as those that the bank has made after the backup from which it
// was restored. Audits name only what went back beyond that amount. It may be called again, with another amount or
// other words. If the withdrawal is not confirmed by a payment, it is fault.Conflict, reason "nothing-to-explain"; if
// the amount is of another currency or is more than was paid, fault.Invalid, reason "amount-out-of-range".
func (b *Bank) ExplainRefunds(ctx context.Context, id taler.WOPID, amount taler.Amount, why string) error {
	if err := checkExplanation(why); err != nil {
		return err
	}
	at, err := b.find(ctx, id)
	if err != nil {
		return err
	}
	var refused error
	err = b.amend(ctx, at, func(w *taler.Withdrawal) bool {
		if refused = checkRefunds(*w, amount); refused == nil {
			w.RefundsExplained = taler.RefundsExplained{Amount: amount, Text: why}
		}
		return refused == nil
	})
	if err != nil {
		return err
	}
	return refused
}

func checkRefunds(w taler.Withdrawal, amount taler.Amount) error {
	if w.State != taler.StateConfirmed {
		return fault.New(fault.Conflict, "no payment has confirmed this withdrawal, so audits name no refund of it").Because("nothing-to-explain").
			WithHint("a payment that the bank leaves alone is explained without --refunded")
	}
	paid := w.Paid
	if paid == (taler.Amount{}) { // confirmed by a version that did not keep it
		paid = w.Amount
	}
	if c, err := amount.Cmp(paid); err != nil || c > 0 {
		return fault.New(fault.Invalid, "%s cannot have gone back: %s was paid", amount, paid).Because("amount-out-of-range")
	}
	return nil
}

func checkExplanation(text string) error {
	if text == "" || len(text) > maxExplanation || !utf8.ValidString(text) {
		return fault.New(fault.Invalid, "an explanation is a text of 1 to %d bytes", maxExplanation).Because("explanation-malformed")
	}
	return nil
}

const reasonNothing fault.Reason = "nothing-to-verify"
