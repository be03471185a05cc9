package prepaid

import (
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
)

// payment is the state of a prepaid-payment: what was signed, and what came back.
type payment struct {
	proof
	Time int64 `json:"time"` // unix seconds
	sdk.Returned
}

// status is refunded once nothing is left: a status that nothing leaves.
func (p payment) status() string {
	if p.All(p.Amount) {
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
	if after.Status != is.status() {
		return fault.New(fault.Conflict, "a payment is refunded when nothing is left of it").Because("move-refused")
	}
	if before == nil {
		return is.Check(is.Amount, nil)
	}
	var was payment
	if err := before.Decode(&was); err != nil {
		return err
	}
	if is.order != was.order || is.Time != was.Time || !slices.Equal(is.Signature, was.Signature) {
		return fault.New(fault.Invalid, "a payment cannot become another payment").Because("payment-changed")
	}
	return is.Check(is.Amount, &was.Returned)
}
