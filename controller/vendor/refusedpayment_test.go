package vendor_test

import (
	"context"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// TestARefusedPaymentIsNoneUnderWay: one that was refused at the last moment, or by the
// record of an earlier one, keeps nobody from giving the withdrawal up.
func TestARefusedPaymentIsNoneUnderWay(t *testing.T) {
	mine := newPurse(t, 1)
	limit := func(t *testing.T, c *cast, w *wallet) {
		check(t, c.AddCustomer(t.Context(), vendor.Customer{Name: "Ada", Key: w.Self().Key}))
		check(t, c.Profiles().Change(t.Context(), instrument.PrincipalID("customer:"+w.Self().Key), func(p *profile.Principal) error {
			p.Limits = profile.Limits{PerOperation: map[string]instrument.Amount{"CHF": amount(t, "CHF:5")}}
			return nil
		}))
	}
	move := func(t *testing.T, c *cast, _ *wallet) { // to another provider, after a charge that never left
		c.away.Store(true)
		_, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &customer{on: c.selects(t, mine)})
		c.away.Store(false)
		if fault.KindOf(err) != fault.Unavailable {
			t.Fatalf("the provider is away: %v", err)
		}
		check(t, c.RemoveProvider(t.Context(), "cards"))
		check(t, c.AddProvider(t.Context(), vendor.CardProvider{Name: "others", Kind: "simulator", URL: "http://127.0.0.1:1/"}))
	}
	for name, row := range map[string]struct {
		before func(*testing.T, *cast, *wallet)
		reason fault.Reason
	}{
		"by the customer's limits":        {limit, "above-limit"},
		"by the record of an earlier one": {move, "provider-replaced"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCast(t)
			shop, w := c.open(t), newWallet(t, c)
			row.before(t, c, w)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			selects, tried := c.selects(t, mine), make(chan error, 2)
			person := &customer{on: func(e vendor.Event) {
				if selects(e); e.Event != vendor.EventPay {
					return
				}
				go func() {
					all, err := c.Withdrawals(t.Context())
					check(t, err)
					tried <- w.pay(t, shop, all[0].WOPID, mine)
					if err = c.GiveUp(t.Context(), &all[0], "they went away"); err != nil {
						cancel() // nothing else would end it
					}
					tried <- err
				}()
			}}
			sold, _ := c.Withdraw(ctx, vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20")}, person) // aborted, or refused by who aborts it
			if err := <-tried; fault.ReasonOf(err) != row.reason {
				t.Errorf("the payment: %v, %s", err, fault.ReasonOf(err))
			}
			given := <-tried
			sold, err := c.Find(t.Context(), sold.WOPID)
			check(t, err)
			if given != nil || sold.Status != taler.TerminalAborted || c.cards.Times() != 0 {
				t.Errorf("given up: %v; it is %s; charged %d times", given, sold.Status, c.cards.Times())
			}
		})
	}
}
