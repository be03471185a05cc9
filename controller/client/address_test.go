package client

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

func TestAnAddressHasOneSpelling(t *testing.T) {
	for said, want := range map[string]string{
		"https://exchange.example/":           "https://exchange.example/",
		"https://exchange.example":            "https://exchange.example/",
		"HTTPS://Exchange.Example":            "https://exchange.example/",
		"https://exchange.example:443/A/b":    "https://exchange.example/A/b/",
		"https://exchange.example:8443":       "https://exchange.example:8443/",
		"http://LOCALHOST:80/":                "http://localhost/",
		"http://localhost:443/":               "http://localhost:443/",
		"https://[2001:DB8::1]:443/x%20y/z/":  "https://[2001:db8::1]/x%20y/z/",
		"https://exchange.example/%41/..%2F/": "https://exchange.example/%41/..%2F/",
		"exchange.example":                    "exchange.example/",
	} {
		if got := based(said); got != want {
			t.Errorf("%s is %s, not %s", said, got, want)
		}
	}
}

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
}
