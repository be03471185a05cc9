package till_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/controller/till"
)

// Once it is said that the wallet is the customer's, a card may be charged, also before
// whoever waited for that has heard it.
func TestNobodyAbortsBetweenTheLastWordAndTheCharge(t *testing.T) {
	for _, row := range []struct {
		name   string
		needs  string
		answer any
		stops  bool
	}{
		{"it is the customer's wallet", till.NeedsSameWallet, true, false},
		{"it is another wallet", till.NeedsSameWallet, false, true},
		{"the customer has accepted", till.NeedsAcceptance, true, true},
		{"how it is paid", till.NeedsPayment, till.Payment{Card: "approved"}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			if till.StopsBehind(row.needs, row.answer) != row.stops {
				t.Errorf("it can be given up: %v", !row.stops)
			}
		})
	}
}

// Who asks a second time to give it up, and is refused, ends nothing for the first.
func TestNothingIsTakenWhileSomebodyGivesItUp(t *testing.T) {
	if till.HearsWhileStopping(till.NeedsSameWallet, true) {
		t.Error("a card may be charged")
	}
}
