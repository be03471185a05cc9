package exchange_test

import (
	"context"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/client"
)

// decider is a person who agrees as they were told to.
type decider struct {
	customer
	agrees func(client.Preview) bool
}

func (d *decider) Agree(_ context.Context, p client.Preview) (bool, error) { return d.agrees(p), nil }

// TestWhoDoesNotAgreeWithdrawsNothing, at the beginning, and when the exchange has other terms
// by the time that the money is there: it stays there, and whoever agrees later goes on.
func TestWhoDoesNotAgreeWithdrawsNothing(t *testing.T) {
	w := newWorld(t)
	version := "1"
	server := w.relay(func(part string, _ []byte, ask func() answer) answer {
		a := ask()
		if part == "terms" {
			a.header.Set("Taler-Terms-Version", version)
		}
		return a
	})
	wallet, d := w.wallet(), &decider{customer: customer{w: w}}
	withdraws := func(agrees func(client.Preview) bool, reason fault.Reason, coins int) {
		t.Helper()
		d.agrees = agrees
		err := wallet.WithdrawByTransfer(t.Context(), client.Withdrawal{Exchange: server.URL, Amount: amount(t, "CHF:3.27"), Key: "one"}, d)
		held, failed := wallet.Coins(t.Context())
		if fault.ReasonOf(err) != reason || failed != nil || len(held) != coins {
			t.Errorf("%d coins, %v, %v", len(held), err, failed)
		}
	}
	withdraws(func(client.Preview) bool { return false }, "not-agreed", 0)
	if all, err := wallet.Withdrawals(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("on record: %+v, %v", all, err)
	}
	withdraws(func(p client.Preview) bool { version = "2"; return !p.Arrived }, "terms-not-accepted", 0)
	withdraws(func(p client.Preview) bool {
		return p.Arrived && p.Terms.Version == "2" && p.Amount == amount(t, "CHF:3.27")
	}, "", 5)
	w.settled(wallet, 1)
}
