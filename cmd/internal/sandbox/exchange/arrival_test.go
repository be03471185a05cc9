package exchange_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/exchange"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
)

// buyOne withdraws and returns what the wallet has on record, with what is left at
// the exchange.
func (w *world) buyOne(wallet *client.Wallet, sum, sent string) (client.Withdrawn, *customer, string) {
	w.Helper()
	c := &customer{w: w, send: sent}
	want := client.Withdrawal{Exchange: w.server.URL, Amount: amount(w.T, sum), Key: sum + sent}
	if err := wallet.WithdrawByTransfer(w.Context(), want, c); err != nil {
		w.Fatal(err)
	}
	all, err := wallet.Withdrawals(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	for _, x := range all {
		if x.Operation == c.last.Operation {
			var s taler.ReserveStatus
			w.get("/reserves/"+x.Reserve).into(w.T, &s)
			return x, c, s.Balance.String()
		}
	}
	w.Fatal("it is not on record")
	return client.Withdrawn{}, nil, ""
}

// What comes need not be what was agreed to: what is there is withdrawn, and no
// more than that was agreed to.
func TestAnotherAmountArrives(t *testing.T) {
	for _, row := range []struct{ name, sum, sent, value, fees, left string }{
		{"exactly", "CHF:3.27", "", "CHF:3.21", "CHF:0.05", "CHF:0.01"},
		{"less", "CHF:3.27", "CHF:2.05", "CHF:2.02", "CHF:0.03", "CHF:0"},
		{"more", "CHF:3.27", "CHF:20", "CHF:3.21", "CHF:0.05", "CHF:16.74"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			x, c, left := w.buyOne(w.wallet(), row.sum, row.sent)
			if x.Value.String() != row.value || x.Fees.String() != row.fees || left != row.left {
				t.Errorf("coins of %s for %s, %s left", x.Value, x.Fees, left)
			}
			total := x.Value
			for _, a := range []*instrument.Amount{&x.Fees, c.last.Remainder, c.last.Surplus} {
				if a != nil {
					total = plus(t, total, *a)
				}
			}
			if sent := row.sent; sent != "" && total.String() != sent || sent == "" && total.String() != row.sum {
				t.Errorf("the person is told of %s", total)
			}
		})
	}
}

// The exchange says that a denomination is over when the coins were planned with
// it: others are made, with numbers of their own, and nothing is paid twice.
func TestADenominationEndsBetweenPlanningAndSending(t *testing.T) {
	for _, protocol := range []int{exchange.Protocol, exchange.Protocol26} {
		w := worldOf(t, protocol)
		draws := 0
		w.restart(exchange.Misbehaviour{exchange.ExpiredKey: 0.5}, func() float64 {
			draws++
			return float64(min(draws, 2) - 1) // the first time only
		})
		wallet := w.wallet()
		x, _, left := w.buyOne(wallet, "CHF:3.27", "")
		if x.Value.String() != "CHF:3.21" || left != "CHF:0.01" || draws < 2 {
			t.Errorf("coins of %s, %s left, after %d requests", x.Value, left, draws)
		}
		held, err := wallet.Coins(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range held {
			if c.Index < 5 {
				t.Errorf("number %d was sent before", c.Index)
			}
		}
	}
}

// Nor does a person have to look when the exchange shows no keys at the moment in which the
// wallet has to read them anew: it asks for its coins again.
func TestTheKeysCannotBeReadAnewAtOnce(t *testing.T) {
	w := newWorld(t)
	draws := 0
	w.restart(exchange.Misbehaviour{exchange.ExpiredKey: 0.5}, func() float64 {
		draws++
		return float64(min(draws, 2) - 1) // the first time only
	})
	refused, failed := false, 0
	server := w.relay(func(part string, _ []byte, ask func() answer) answer {
		if part == "keys" && refused && failed == 0 {
			failed++
			return answer{status: http.StatusServiceUnavailable, header: http.Header{}}
		}
		a := ask()
		refused = refused || part == "batch-withdraw" && a.status != http.StatusOK
		return a
	})
	wallet, c := w.wallet(), &customer{w: w}
	err := wallet.WithdrawByTransfer(t.Context(), client.Withdrawal{Exchange: server.URL, Amount: amount(t, "CHF:3.27"), Key: "one"}, c)
	if err != nil || failed != 1 {
		t.Fatalf("after %d failures: %v", failed, err)
	}
	w.settled(wallet, 1)
}

// A year later the keys of the groups have changed: the wallet reads them again
// and uses those that are valid now.
func TestKeysChangeWithTime(t *testing.T) {
	w := newWorld(t)
	wallet := w.wallet()
	w.buyOne(wallet, "CHF:3.27", "")
	before, err := wallet.Coins(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.later(366 * 24 * time.Hour)
	if x, _, left := w.buyOne(wallet, "CHF:3.27", "CHF:3.27"); x.Value.String() != "CHF:3.21" || left != "CHF:0.01" {
		t.Errorf("coins of %s, %s left", x.Value, left)
	}
	all, err := wallet.Coins(t.Context())
	if err != nil || len(all) != 2*len(before) {
		t.Fatal(len(all), err)
	}
	old := map[taler.HashCode]bool{}
	for _, c := range before {
		old[c.DenomPubHash] = true
	}
	fresh := 0
	for _, c := range all {
		if !old[c.DenomPubHash] {
			fresh++
		}
	}
	if fresh != len(before) {
		t.Errorf("%d coins are of new keys", fresh)
	}
}
