package card

import (
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// reasonPaymentReturned is a payment that was given back before anybody here knew of it.
const reasonPaymentReturned fault.Reason = "payment-returned"

// leftOf is for a charge whose outcome is not on record: what went back before anybody
// here knew of it pays nothing. Whole, it is as one that failed; of what went back in
// part people at the provider decide, who give back the rest.
func leftOf(amount instrument.Amount) func(protocol.Facts, error) (protocol.Facts, error) {
	return func(f protocol.Facts, err error) (protocol.Facts, error) {
		switch {
		case err != nil || f.State != protocol.FactPaid || f.Refunded.IsZero():
			return f, err
		case wentBack(f, amount):
			f.State = protocol.FactFailed
			return f, nil
		}
		return protocol.Facts{}, fault.New(fault.Conflict, "the provider has charged %s for this reference and given %s back", amount, f.Refunded).
			Because(reasonPaymentDiffers).WithHint("have the provider give back the rest; nothing was changed here")
	}
}

// wentBack says that an amount was paid and has gone back whole.
func wentBack(f protocol.Facts, amount instrument.Amount) bool {
	return f.State == protocol.FactPaid && !f.Refunded.IsZero() && f.Refunded == amount
}
