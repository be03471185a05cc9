package bank

import (
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/protocol"
)

// Verdict is what the bank makes of a provider's facts.
type Verdict struct {
	Decision Decision
	Reason   string // for the record and for people, when it is not Confirm
}

// Decision is one of three.
type Decision string

// The decisions.
const (
	Confirm Decision = "confirm" // the money is there, finally
	Abort   Decision = "abort"   // it is not, and will not be under this payment
	Again   Decision = "again"   // the provider has not decided: ask later
)

// Judge compares what the provider says of a payment with the withdrawal that
// it is said to pay [9]. It is pure and has the last word: nothing is confirmed
// on doubt. What the plugin was told to ask for is not trusted; the facts must
// name the payment of the notice, this withdrawal, its currency, and at least
// amount and fees, none of it refunded.
func Judge(w taler.Withdrawal, f protocol.Facts) Verdict {
	total, err := w.Total()
	if err != nil {
		return Verdict{Abort, "the amount and its fees cannot be added"}
	}
	switch f.State {
	case protocol.FactFailed:
		return Verdict{Abort, "the provider says that the payment failed"}
	case protocol.FactPaid:
	default:
		return Verdict{Again, "the provider has not decided yet"}
	}
	switch {
	case f.Transaction != w.ProviderTransactionID:
		return Verdict{Abort, "the provider answered for another transaction"}
	case f.Reference != w.WOPID.Text():
		return Verdict{Abort, "the payment has the reference of something else"}
	case f.Amount.Currency != w.Currency:
		return Verdict{Abort, "the payment is in another currency"}
	case !f.Refunded.IsZero():
		return Verdict{Abort, "the payment was refunded"}
	}
	if c, err := f.Amount.Cmp(total); err != nil || c < 0 {
		return Verdict{Abort, "the payment of " + f.Amount.String() + " is less than " + total.String()}
	}
	return Verdict{Decision: Confirm}
}

// decided is w after a verdict, at a time in unix seconds.
func decided(w taler.Withdrawal, v Verdict, proof json.RawMessage, at int64) taler.Withdrawal {
	w.Proof = proof
	if v.Decision == Confirm {
		w.State, w.Confirmed = taler.StateConfirmed, at
		return w
	}
	w.State, w.Aborted, w.AbortReason = taler.StateAborted, at, v.Reason
	return w
}
