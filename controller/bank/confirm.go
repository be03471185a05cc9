package bank

import (
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Verdict is what the bank makes of a provider's facts.
type Verdict struct {
	Decision Decision
	Reason   string            // for the record and for people: why it is not Confirm, or why something is given back
	Back     instrument.Amount // how much of the payment goes back to the card; the zero Amount: nothing
	Foreign  bool              // money was paid that the bank must not give back: it seems to be for something else, or may have been paid out before
}

// Decision is what becomes of the withdrawal.
type Decision string

// The decisions.
const (
	Confirm Decision = "confirm" // the money is there for good
	Abort   Decision = "abort"   // this payment brings no money, now or later
	Again   Decision = "again"   // the provider has not decided: ask later
)

// Judge compares what the provider says of a payment with the withdrawal that it is said
// to pay [9]. It is pure and has the last word; in doubt it does not confirm. It does not
// trust that the plugin has asked for the right payment: the facts must name the payment
// of the notice, this withdrawal, the bank's space at the provider and its currency, and
// at least amount and fees, none of it refunded. Facts of another payment are no answer,
// neither for nor against the withdrawal.
//
// Money that certainly was paid for this withdrawal and buys nothing goes back, and so
// does what was paid too much. Money for something else is left alone.
//
// If the withdrawal was open in the backup from which the bank was restored, nothing goes
// back by itself: an earlier life may have confirmed it.
func Judge(w taler.Withdrawal, space int64, f protocol.Facts) Verdict {
	v := judge(w, space, f)
	if w.Restored != 0 && v.Back != (instrument.Amount{}) {
		v.Back, v.Foreign = instrument.Amount{}, true
		v.Reason += "; the bank was restored since, and may have paid it out before"
	}
	return v
}

func judge(w taler.Withdrawal, space int64, f protocol.Facts) Verdict {
	if f.State != protocol.FactPending && f.Transaction != w.ProviderTransactionID {
		return Verdict{Decision: Again, Reason: "the provider answered for another transaction"}
	}
	switch f.State {
	case protocol.FactFailed:
		return Verdict{Decision: Abort, Reason: "the provider says that the payment failed"}
	case protocol.FactPaid, protocol.FactWithheld:
	default:
		return Verdict{Decision: Again, Reason: "the provider has not decided yet"}
	}
	if why := foreign(w, space, f); why != "" {
		return Verdict{Decision: Abort, Reason: why, Foreign: true}
	}
	useless := func(why string) Verdict { return Verdict{Decision: Abort, Reason: why, Back: rest(f)} }
	total, err := w.Total()
	switch {
	case w.State == taler.StateAborted:
		return useless("the withdrawal was aborted")
	case w.State == taler.StateConfirmed: // by another payment, or nobody would ask
		return useless("the withdrawal was paid by another payment")
	case err != nil:
		return useless("the amount and its fees cannot be added")
	case f.State == protocol.FactWithheld:
		return useless("the provider says that nothing may be delivered for the payment")
	case !f.Refunded.IsZero():
		return useless("the payment was refunded")
	}
	surplus, err := f.Amount.Sub(total)
	if err != nil {
		return useless("the payment of " + f.Amount.String() + " is less than " + total.String())
	}
	if surplus.IsZero() {
		return Verdict{Decision: Confirm}
	}
	return Verdict{Decision: Confirm, Reason: "the payment of " + f.Amount.String() + " is more than " + total.String(), Back: surplus}
}

// foreign says why a payment is not for a withdrawal; empty if it is.
func foreign(w taler.Withdrawal, space int64, f protocol.Facts) string {
	switch {
	case !w.WOPID.Is(f.Reference):
		return "the payment has the reference of something else"
	case f.Space != space:
		return "the payment was made in another space"
	case f.Amount.Currency != w.Currency:
		return "the payment is in another currency"
	}
	return ""
}

// rest is how much of a payment has not gone back yet; the zero Amount if that is nothing
// or cannot be known.
func rest(f protocol.Facts) instrument.Amount {
	left := f.Amount
	if !f.Refunded.IsZero() {
		var err error
		if left, err = left.Sub(f.Refunded); err != nil {
			return instrument.Amount{}
		}
	}
	if left.IsZero() {
		return instrument.Amount{}
	}
	return left
}

// decided is w after a verdict, at a time in unix seconds. A withdrawal that was aborted
// before keeps the reason that it had.
func decided(w taler.Withdrawal, v Verdict, f protocol.Facts, at int64) taler.Withdrawal {
	w.Proof = f.Raw
	if len(w.Proof) == 0 {
		w.Proof = json.RawMessage("null") // says that it was decided, even if the provider gave no words
	}
	if v.Foreign {
		w.AddForeign(w.ProviderTransactionID)
	}
	switch {
	case v.Decision == Confirm:
		w.State, w.Confirmed, w.Paid = taler.StateConfirmed, at, f.Amount
	case w.State != taler.StateAborted:
		w.State, w.Aborted, w.AbortReason = taler.StateAborted, at, v.Reason
	}
	return w
}
