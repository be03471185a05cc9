package sdk

import (
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Returned is what has come back of one payment. It is a part of the state of the class in
// which a servicer keeps its payments. Its rules are the same for every class: each
// operation refunds once, a refund is never undone, and all refunds together are no more
// than was paid.
type Returned struct {
	Refunded instrument.Amount `json:"refunded"`
	Refunds  []Refund          `json:"refunds,omitempty"`
}

// Refund is one sum that came back, by the operation that gave it.
type Refund struct {
	Operation instrument.OperationID `json:"operation"`
	Amount    instrument.Amount      `json:"amount"`
}

// MaxRefunds is how many refunds one payment may have.
const MaxRefunds = 32

// NothingOf is the Returned of a payment of which nothing has come back.
func NothingOf(paid instrument.Amount) Returned {
	return Returned{Refunded: instrument.ZeroOf(paid.Currency)}
}

// Refund is the pure rule of a refund; without an amount it gives back all that is left. An
// operation that has refunded before gets the amount that it gave then.
func (r *Returned) Refund(op instrument.OperationID, paid, amount instrument.Amount) (given instrument.Amount, again bool, err error) {
	for _, old := range r.Refunds {
		if old.Operation == op {
			return old.Amount, true, nil
		}
	}
	left, err := paid.Sub(r.Refunded)
	if err != nil {
		return given, false, err
	}
	if amount == (instrument.Amount{}) {
		amount = left
	}
	if left.IsZero() {
		return given, false, fault.New(fault.Declined, "all of this payment has come back already: %s", paid).Because("refund-too-large")
	}
	if c, err := amount.Cmp(left); err != nil || c > 0 || amount.IsZero() {
		return given, false, fault.New(fault.Declined, "%s of this payment can be refunded, not %s", left, amount).Because("refund-too-large")
	}
	if len(r.Refunds) == MaxRefunds {
		return given, false, fault.New(fault.Conflict, "a payment is refunded in at most %d parts", MaxRefunds).Because("refunds-too-many")
	}
	r.Refunds = append(r.Refunds, Refund{op, amount})
	r.Refunded, err = r.Refunded.Add(amount)
	return amount, false, err
}

// By is how much an operation has given back, for its result when it is asked for again. If
// the operation has given nothing, because it had all come back before, it is that sum.
func (r Returned) By(op instrument.OperationID) instrument.Amount {
	for _, one := range r.Refunds {
		if one.Operation == op {
			return one.Amount
		}
	}
	return r.Refunded
}

// All reports whether nothing is left to refund.
func (r Returned) All(paid instrument.Amount) bool { return r.Refunded == paid }

// Check is the rule for a class of payments. r is what has come back of a payment after a
// change, was what had come back before it; nil when the payment is created.
func (r Returned) Check(paid instrument.Amount, was *Returned) error {
	sum, seen := instrument.ZeroOf(paid.Currency), map[instrument.OperationID]bool{}
	for _, one := range r.Refunds {
		var err error
		if sum, err = sum.Add(one.Amount); err != nil {
			return err
		}
		if seen[one.Operation] || one.Amount.IsZero() {
			return fault.New(fault.Conflict, "an operation refunds something, and once").Because("refund-repeated")
		}
		seen[one.Operation] = true
	}
	if c, err := sum.Cmp(paid); err != nil || c > 0 || sum != r.Refunded {
		return fault.New(fault.Conflict, "the refunds of a payment are not more than the payment").Because("refund-too-large")
	}
	switch {
	case was == nil && len(r.Refunds) > 0:
		return fault.New(fault.Invalid, "a payment begins without refunds").Because("payment-malformed")
	case was != nil && (len(r.Refunds) < len(was.Refunds) || !slices.Equal(r.Refunds[:len(was.Refunds)], was.Refunds)):
		return fault.New(fault.Conflict, "a refund cannot be taken back").Because("refund-repeated")
	}
	return nil
}
