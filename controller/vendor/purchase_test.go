package vendor_test

import (
	"context"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
)

// A card alone pays for what the invoice says. The same operation charges it once,
// each other one again; the vendor finds it among its payments and gives it back.
func TestACardAlonePaysAPurchase(t *testing.T) {
	c := newCast(t)
	shop := c.open(t)
	v := c.visit(t, shop)
	w := client.New(v.Controller, v.me, nil)
	check(t, v.Book().PutPeer(t.Context(), shop))
	agreed := func(context.Context, client.Bill) (bool, error) { return true, nil }
	want := client.Payment{Peer: shop, Amount: amount(t, "CHF:4"), Instrument: v.card, Invoice: instrument.Invoice{"product": "bread"}}
	var ops []instrument.OperationID
	for n, key := range []string{"one", "one", "two"} {
		op, err := v.OperationID(key)
		check(t, err)
		want.Operation = op
		paid, err := w.Pay(t.Context(), want, agreed)
		check(t, err)
		if paid.Price != want.Amount || c.cards.Times() != []int{1, 1, 2}[n] {
			t.Fatalf("%+v after %d charges", paid, c.cards.Times())
		}
		ops = append(ops, op)
	}
	if _, err := v.with(vendor.ClassCard, v.card, "three", instrument.Invoice{"amount": "CHF:1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := v.again(vendor.ClassCard, v.card, "four"); fault.ReasonOf(err) != "reference-reused" || c.cards.Times() != 3 {
		t.Errorf("another operation under the offer: %v; %d charges", err, c.cards.Times())
	}
	if _, err := w.RefundOperation(t.Context(), ops[0]); fault.ReasonOf(err) != "refund-not-granted" {
		t.Errorf("the payer takes it back: %v", err)
	}
	for range 2 {
		back, err := c.Refund(t.Context(), string(ops[0]))
		if err != nil || !back.Done || back.Amount != want.Amount || c.cards.Refunds() != 1 {
			t.Errorf("%+v, %v; %d refunds", back, err, c.cards.Refunds())
		}
	}
	all, err := c.AllPayments(t.Context())
	check(t, err)
	if len(all) != 3 {
		t.Fatalf("%+v", all)
	}
	for _, p := range all {
		want := vendor.Payment{Status: vendor.PaymentPaid}
		if p.Parts[0].ID == ops[0] {
			want = vendor.Payment{Status: vendor.PaymentRefunded, Refunded: p.Paid}
		}
		if p.Status != want.Status || p.Refunded != want.Refunded || p.Parts[0].Refunded != want.Refunded || p.Paid != p.Total || len(p.Parts) != 1 || p.Parts[0].Class != vendor.ClassCard {
			t.Errorf("%+v", p)
		}
	}
}

// What a card is declined for is no purchase, and nothing of it is open.
func TestADeclinedPurchaseLeavesNothing(t *testing.T) {
	c := newCast(t)
	v := c.visit(t, c.open(t))
	c.cards.Be(func(m *banktest.Mood) { m.Refuses = true })
	op, err := v.with(vendor.ClassCard, v.card, "one", instrument.Invoice{"amount": "CHF:4"})
	if fault.ReasonOf(err) != "card-declined" {
		t.Fatal(err)
	}
	if all, err := c.AllPayments(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
	if _, err := c.Refund(t.Context(), string(op)); fault.KindOf(err) != fault.NotFound {
		t.Errorf("error = %v", err)
	}
}
