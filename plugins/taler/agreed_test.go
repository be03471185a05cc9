package taler_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	wire "github.com/swaperoo/swaperoo/comm/taler"
)

// costing has the exchange list its denominations anew, each for another fee.
func (m *mint) costing(fee string) {
	m.with(func() {
		for n := range m.keys.Denominations {
			g := &m.keys.Denominations[n]
			g.FeeWithdraw = amount(fee)
			cost, err := g.Value.Add(g.FeeWithdraw)
			if err != nil {
				panic(err)
			}
			m.denoms[denomHash(*g, g.Denoms[0])].cost = cost
		}
		m.sign()
	})
}

// An exchange shows fees, has a person agree to them, and takes others when the money is
// there.
func TestNoCoinCostsMoreThanWasAgreedTo(t *testing.T) {
	for _, row := range []struct {
		name, agreed, fee, since string // since: what was agreed to after the first refusal
		coins                    int
		refused                  bool
	}{
		{"as shown", "CHF:0.02", "CHF:0.01", "", 2, false},
		{"cheaper", "CHF:0.02", "CHF:0", "", 2, false},
		{"dearer", "CHF:0.02", "CHF:1", "", 0, true},
		{"dearer, and agreed to since", "CHF:0.02", "CHF:1", "CHF:1", 1, true},
		{"dearer than was agreed to since", "CHF:0.02", "CHF:1", "CHF:0.99", 0, true},
		{"begun by an older build, or of an amount that nobody knew", "", "CHF:1", "", 1, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := readyWallet(t)
			args := wire.PrepareArgs{Exchange: w.exchange, Amount: amount("CHF:12.02"), Account: exchangePayto}
			if row.agreed != "" {
				fees := amount(row.agreed)
				args.Agreed = &wire.Agreed{Fees: &fees}
			}
			result, err := w.batch("PREPARE", "", args)
			r := valueOf[wire.PrepareResult](t, result, err)
			w.mint.with(func() { w.mint.balances[r.ReservePub] = amount("CHF:12.02") })
			w.mint.costing(row.fee)
			if _, err := w.do("taler.exchange", "REFRESH", w.exchange, nil); err != nil {
				t.Fatal(err)
			}
			_, err = w.batch("WITHDRAW", r.Reserve, nil)
			if refused := fault.ReasonOf(err) == wire.ReasonFeesRisen; refused != row.refused || !refused && err != nil {
				t.Errorf("refused with %v", err)
			}
			if status, reserve := w.reserve(r.Reserve); row.refused && (status != wire.ReserveCreated || reserve.Batch != nil || len(w.mint.requests) > 0) {
				t.Errorf("the reserve is %s, and %d requests came", status, len(w.mint.requests))
			}
			if row.since != "" {
				_, err = w.batch("WITHDRAW", r.Reserve, wire.WithdrawArgs{Fees: amount(row.since)})
				if (err == nil) != (row.coins > 0) {
					t.Errorf("after the person was asked: %v", err)
				}
			}
			if got := len(w.coins()); got != row.coins {
				t.Errorf("%d coins", got)
			}
		})
	}
}
