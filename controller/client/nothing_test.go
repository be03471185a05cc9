package client

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// TestNothingIsNotWithdrawn, whoever asks for it: an amount that is fixed at zero is
// not one that comes with the payment.
func TestNothingIsNotWithdrawn(t *testing.T) {
	nothing := instrument.ZeroOf("CHF")
	for name, r := range map[string]withdrawal{
		"the bank":                      {status: taler.BankWithdrawalOperationStatus{Currency: "CHF", Amount: nothing}},
		"the person":                    {want: Withdrawal{Amount: nothing}},
		"the person, of an open amount": {want: Withdrawal{Amount: nothing}, status: taler.BankWithdrawalOperationStatus{Currency: "CHF", NoAmountToWallet: true}},
	} {
		if a, err := r.amount(); fault.ReasonOf(err) != taler.ReasonAmountOutOfRange {
			t.Errorf("%s: %s, %v", name, a, err)
		}
	}
	r := withdrawal{status: taler.BankWithdrawalOperationStatus{Currency: "CHF", NoAmountToWallet: true}}
	if a, err := r.amount(); a != nothing || err != nil {
		t.Errorf("an open amount: %s, %v", a, err)
	}
	r.want.Amount = instrument.Amount{Currency: "CHF", Value: 5}
	if a, err := r.amount(); fault.ReasonOf(err) != taler.ReasonAmountDiffers {
		t.Errorf("an amount of one's own, where it comes with the payment: %s, %v", a, err)
	}
}
