package vendor_test

import (
	"context"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/protocol"
)

// A card was charged for a purchase, and nobody heard it: the payment's operation has ended
// without an outcome, and the card pays nothing else under its offer. The vendor gives it back,
// once its provider says that it was paid, and only then.
func TestWhatNobodyHeardOfIsGivenBack(t *testing.T) {
	c := newCast(t)
	shop := c.open(t)
	v := c.visit(t, shop)
	w := client.New(v.Controller, v.me, nil)
	c.cards.Be(func(m *banktest.Mood) { m.Late, m.Waiting = true, true })
	op, err := v.OperationID("one")
	check(t, err)
	_, err = w.Pay(t.Context(), client.Payment{Peer: shop, Operation: op, Amount: amount(t, "CHF:4"), Instrument: v.card},
		func(context.Context, client.Bill) (bool, error) { return true, nil })
	if fault.ReasonOf(err) != "provider-unknown" {
		t.Fatal(err)
	}
	if _, err := c.Refund(t.Context(), string(op)); fault.KindOf(err) != fault.Unknown || c.cards.Refunds() != 0 {
		t.Errorf("while the provider has not decided: %v; %d refunds", err, c.cards.Refunds())
	}
	c.cards.Be(func(m *banktest.Mood) { m.Late, m.Waiting = false, false })
	c.cards.Settle()
	for range 2 {
		back, err := c.Refund(t.Context(), protocol.Short(op))
		if err != nil || !back.Done || back.Amount != amount(t, "CHF:4") || c.cards.Refunds() != 1 {
			t.Errorf("%+v, %v; %d refunds", back, err, c.cards.Refunds())
		}
	}
	all, err := c.AllPayments(t.Context())
	if err != nil || len(all) != 1 || all[0].Status != vendor.PaymentRefunded || all[0].Refunded != amount(t, "CHF:4") {
		t.Errorf("%+v, %v", all, err)
	}
}

// What the provider has declined, or never heard of, was not paid.
func TestWhatWasNeverChargedIsNotGivenBack(t *testing.T) {
	for name, mood := range map[string]func(*banktest.Mood){
		"declined":      func(m *banktest.Mood) { m.Late, m.Refuses = true, true },
		"never arrived": func(m *banktest.Mood) { m.Late, m.Lost = true, true },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCast(t)
			shop := c.open(t)
			v := c.visit(t, shop)
			c.cards.Be(mood)
			op, err := v.OperationID("one")
			check(t, err)
			_, err = client.New(v.Controller, v.me, nil).Pay(t.Context(), client.Payment{Peer: shop, Operation: op, Amount: amount(t, "CHF:4"), Instrument: v.card},
				func(context.Context, client.Bill) (bool, error) { return true, nil })
			if fault.ReasonOf(err) != "provider-unknown" {
				t.Fatal(err)
			}
			c.later.Store(int64(time.Hour)) // nothing can be on its way any more
			if _, err := c.Refund(t.Context(), string(op)); fault.ReasonOf(err) != "payment-unknown" || c.cards.Refunds() != 0 {
				t.Errorf("%v; %d refunds", err, c.cards.Refunds())
			}
		})
	}
}
