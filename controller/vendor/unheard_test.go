package vendor_test

import (
	"context"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
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
	c.cards.mu.Lock()
	c.cards.late, c.cards.waiting = true, true
	c.cards.mu.Unlock()
	op, err := v.OperationID("one")
	check(t, err)
	_, err = w.Pay(t.Context(), client.Payment{Peer: shop, Operation: op, Amount: amount(t, "CHF:4"), Instrument: v.card},
		func(context.Context, client.Bill) (bool, error) { return true, nil })
	if fault.ReasonOf(err) != "provider-unknown" {
		t.Fatal(err)
	}
	if _, err := c.Refund(t.Context(), string(op)); fault.KindOf(err) != fault.Unknown || c.cards.refunds() != 0 {
		t.Errorf("while the provider has not decided: %v; %d refunds", err, c.cards.refunds())
	}
	c.cards.mu.Lock()
	c.cards.late, c.cards.waiting = false, false
	c.cards.mu.Unlock()
	c.cards.settle()
	for range 2 {
		back, err := c.Refund(t.Context(), protocol.Short(op))
		if err != nil || !back.Done || back.Amount != amount(t, "CHF:4") || c.cards.refunds() != 1 {
			t.Errorf("%+v, %v; %d refunds", back, err, c.cards.refunds())
		}
	}
	all, err := c.AllPayments(t.Context())
	if err != nil || len(all) != 1 || all[0].Status != vendor.PaymentRefunded || all[0].Refunded != amount(t, "CHF:4") {
		t.Errorf("%+v, %v", all, err)
	}
}

// What the provider has declined, or never heard of, was not paid.
func TestWhatWasNeverChargedIsNotGivenBack(t *testing.T) {
	for name, mood := range map[string]func(*cards){
		"declined":      func(c *cards) { c.refuses = true },
		"never arrived": func(c *cards) { c.lost = true },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCast(t)
			shop := c.open(t)
			v := c.visit(t, shop)
			c.cards.mu.Lock()
			mood(c.cards)
			c.cards.late = true
			c.cards.mu.Unlock()
			op, err := v.OperationID("one")
			check(t, err)
			_, err = client.New(v.Controller, v.me, nil).Pay(t.Context(), client.Payment{Peer: shop, Operation: op, Amount: amount(t, "CHF:4"), Instrument: v.card},
				func(context.Context, client.Bill) (bool, error) { return true, nil })
			if fault.ReasonOf(err) != "provider-unknown" {
				t.Fatal(err)
			}
			c.later.Store(int64(time.Hour)) // nothing can be on its way any more
			if _, err := c.Refund(t.Context(), string(op)); fault.ReasonOf(err) != "payment-unknown" || c.cards.refunds() != 0 {
				t.Errorf("%v; %d refunds", err, c.cards.refunds())
			}
		})
	}
}
