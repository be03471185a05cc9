package prepaid

import (
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// payment is the state of a prepaid-payment: what was signed, and what came back.
type payment struct {
	proof
	Time     int64             `json:"time"` // unix seconds
	Refunded instrument.Amount `json:"refunded"`
	Refunds  []refund          `json:"refunds,omitempty"`
}

// refund is one sum that came back, by the operation that gave it.
type refund struct {
	Operation instrument.OperationID `json:"operation"`
	Amount    instrument.Amount      `json:"amount"`
}

const maxRefunds = 32 // of one payment

// refund is the pure rule of a refund: each operation once, and all together no
// more than was paid. Nothing named is all that is left.
func (p *payment) refund(op instrument.OperationID, amount instrument.Amount) (given instrument.Amount, again bool, err error) {
	for _, r := range p.Refunds {
		if r.Operation == op {
			return r.Amount, true, nil
		}
	}
	left, err := p.Amount.Sub(p.Refunded)
	if err != nil {
		return given, false, err
	}
	if amount == (instrument.Amount{}) {
		amount = left
	}
	if c, err := amount.Cmp(left); err != nil || c > 0 || amount.IsZero() {
		return given, false, fault.New(fault.Declined, "%s of this payment can be refunded, not %s", left, amount).Because("refund-too-large")
	}
	if len(p.Refunds) == maxRefunds {
		return given, false, fault.New(fault.Conflict, "a payment is refunded in at most %d parts", maxRefunds).Because("refunds-too-many")
	}
	p.Refunds = append(p.Refunds, refund{op, amount})
	p.Refunded, err = p.Refunded.Add(amount)
	return amount, false, err
}

// status is refunded once nothing is left: a status that nothing leaves.
func (p payment) status() string {
	if p.Refunded == p.Amount {
		return refunded
	}
	return paid
}

// checkPayment is the class's own rule, kept by the host whatever the protocol
// does: a payment stays what it was, refunds are only added, and their sum is not
// more than the payment.
func checkPayment(before, after *instrument.Instance) error {
	var is payment
	if err := after.Decode(&is); err != nil {
		return fault.Wrap(err, fault.Invalid, "this is not the state of a payment").Because("payment-malformed")
	}
	if is.Amount.IsZero() || after.Keys[keyPayment] != string(is.Operation) {
		return fault.New(fault.Invalid, "a payment is of something, and bears its operation").Because("payment-malformed")
	}
	sum, seen := instrument.ZeroOf(is.Amount.Currency), map[instrument.OperationID]bool{}
	for _, r := range is.Refunds {
		var err error
		if sum, err = sum.Add(r.Amount); err != nil {
			return err
		}
		if seen[r.Operation] || r.Amount.IsZero() {
			return fault.New(fault.Conflict, "an operation refunds something, and once").Because("refund-repeated")
		}
		seen[r.Operation] = true
	}
	if c, err := sum.Cmp(is.Amount); err != nil || c > 0 || sum != is.Refunded {
		return fault.New(fault.Conflict, "the refunds of a payment are not more than the payment").Because("refund-too-large")
	}
	if after.Status != is.status() {
		return fault.New(fault.Conflict, "a payment is refunded when nothing is left of it").Because("move-refused")
	}
	if before == nil {
		if len(is.Refunds) > 0 {
			return fault.New(fault.Invalid, "a payment begins without refunds").Because("payment-malformed")
		}
		return nil
	}
	var was payment
	if err := before.Decode(&was); err != nil {
		return err
	}
	if is.order != was.order || is.Time != was.Time || !slices.Equal(is.Signature, was.Signature) {
		return fault.New(fault.Invalid, "a payment cannot become another payment").Because("payment-changed")
	}
	if len(is.Refunds) < len(was.Refunds) || !slices.Equal(is.Refunds[:len(was.Refunds)], was.Refunds) {
		return fault.New(fault.Conflict, "a refund cannot be taken back").Because("refund-repeated")
	}
	return nil
}
