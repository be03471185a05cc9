package vendor_test

import (
	"context"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// A card was charged for an account, and the answer was lost. What was paid is in the account without
// anybody's trying again, once.
func TestWhatWasPaidInUnheardIsCreditedByItself(t *testing.T) {
	c := newCast(t)
	v := c.visit(t, c.open(t))
	c.cards.Decides(false)
	if err := v.payIn(v.number, "first", "CHF:7"); fault.KindOf(err) != fault.Unknown {
		t.Fatalf("got %v", err)
	}
	s := &vendor.Settling{}
	check(t, c.Settle(t.Context(), s))
	if got := v.balance(); got != "CHF:0" {
		t.Errorf("before it is decided there is %s", got)
	}
	c.cards.Decides(true)
	check(t, c.Settle(t.Context(), s))
	if got := v.balance(); got != "CHF:0" {
		t.Errorf("before it is due there is %s", got)
	}
	c.later.Add(int64(time.Hour))
	for range 2 {
		check(t, c.Settle(t.Context(), s))
	}
	c.later.Store(0)
	if got := v.balance(); got != "CHF:7" || c.cards.Times() != 1 {
		t.Errorf("there is %s after %d charges", got, c.cards.Times())
	}
}

// What an operator's question finds out is credited as well: nothing asks about it again.
func TestWhatAnOperatorFindsOutIsCredited(t *testing.T) {
	c := newCast(t)
	v := c.visit(t, c.open(t))
	c.cards.Decides(false)
	if err := v.payIn(v.number, "first", "CHF:7"); fault.KindOf(err) != fault.Unknown {
		t.Fatalf("got %v", err)
	}
	c.cards.Decides(true)
	found, err := c.Protocols().Records(t.Context(), protocol.Filter{Side: protocol.Servicer, Limit: 1})
	check(t, err)
	if _, err := c.Refund(t.Context(), string(found[0].ID)); fault.ReasonOf(err) != "refund-not-granted" {
		t.Errorf("got %v", err)
	}
	if got := v.balance(); got != "CHF:7" {
		t.Errorf("there is %s", got)
	}
}

// unheard are the charges that a vendor is shown of which nobody has heard.
func (c *cast) unheard(t *testing.T) (out []vendor.Charge) {
	t.Helper()
	all, err := c.AllPayments(t.Context())
	check(t, err)
	for _, p := range all {
		out = append(out, p.Unheard...)
	}
	return out
}

// A vendor sees what a card was charged for nothing, or may be, and by which operation it goes back.
func TestAVendorIsShownWhatNobodyHasHeardOf(t *testing.T) {
	for name, begin := range map[string]func(*testing.T) (*cast, func()){
		"a purchase": func(t *testing.T) (*cast, func()) {
			c := newCast(t)
			shop := c.open(t)
			v := c.visit(t, shop)
			c.cards.Decides(false)
			op, err := v.OperationID("one")
			check(t, err)
			_, err = client.New(v.Controller, v.me, nil).Pay(t.Context(), client.Payment{Peer: shop, Operation: op, Amount: amount(t, "CHF:4"), Instrument: v.card},
				func(context.Context, client.Bill) (bool, error) { return true, nil })
			if fault.ReasonOf(err) != "provider-unknown" {
				t.Fatal(err)
			}
			return c, func() { c.cards.Decides(true) }
		},
		"a part that its payer gave up": func(t *testing.T) (*cast, func()) {
			c, _, w, name := doubtful(t, true)
			c.cards.Be(func(m *banktest.Mood) { m.Queued = true })
			_, err := w.ForgoPayment(t.Context(), name)
			check(t, err)
			return c, c.cards.Settle
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, decide := begin(t)
			if all := c.unheard(t); len(all) != 1 || all[0].Known || all[0].Amount != amount(t, "CHF:4") {
				t.Fatalf("before it is decided: %+v", all)
			}
			decide()
			check(t, c.Settle(t.Context(), &vendor.Settling{}))
			all := c.unheard(t)
			if len(all) != 1 || !all[0].Known {
				t.Fatalf("then: %+v", all)
			}
			for range 2 {
				if back, err := c.Refund(t.Context(), string(all[0].Operation)); err != nil || !back.Done || c.cards.Refunds() != 1 {
					t.Errorf("%+v, %v; %d refunds", back, err, c.cards.Refunds())
				}
			}
			if all := c.unheard(t); len(all) != 0 {
				t.Errorf("given back: %+v", all)
			}
		})
	}
}

// A refund of which nobody knows whether it was made is shown as one, until it is asked for again.
func TestAVendorIsShownARefundThatNobodyHasAnswered(t *testing.T) {
	c := newCast(t)
	v := c.visit(t, c.open(t))
	op, err := v.with(vendor.ClassCard, v.card, "one", instrument.Invoice{controller.InvoiceAmount: "CHF:4"})
	check(t, err)
	mute := func(is bool) {
		c.cards.Be(func(m *banktest.Mood) { m.Mute = is })
	}
	mute(true)
	if _, err := c.Refund(t.Context(), string(op)); fault.KindOf(err) != fault.Unknown {
		t.Fatalf("got %v", err)
	}
	all, err := c.AllPayments(t.Context())
	if err != nil || len(all) != 1 || all[0].Status != vendor.PaymentPaid || all[0].Parts[0].Refunding != amount(t, "CHF:4") || !all[0].Refunded.IsZero() {
		t.Errorf("%+v, %v", all, err)
	}
	mute(false)
	_, err = c.Refund(t.Context(), string(op))
	check(t, err)
	all, err = c.AllPayments(t.Context())
	if err != nil || len(all) != 1 || all[0].Status != vendor.PaymentRefunded || !all[0].Parts[0].Refunding.IsZero() {
		t.Errorf("then %+v, %v", all, err)
	}
}

// A provider that is away is asked about one payment, and about all of them the next time. So nobody
// waits for its silence as often as there are payments.
func TestAProviderThatIsAwayIsAskedOnceARound(t *testing.T) {
	c := newCast(t)
	v := c.visit(t, c.open(t))
	c.cards.Decides(false)
	for _, label := range []string{"first", "second", "third"} {
		if err := v.payIn(v.number, label, "CHF:7"); fault.KindOf(err) != fault.Unknown {
			t.Fatalf("got %v", err)
		}
	}
	c.cards.Decides(true)
	s := &vendor.Settling{}
	c.away.Store(true)
	check(t, c.Settle(t.Context(), s))
	c.away.Store(false)
	check(t, c.Settle(t.Context(), s)) // the first is not due yet
	if got := v.balance(); got != "CHF:14" {
		t.Errorf("there is %s", got)
	}
	c.later.Add(int64(time.Hour))
	check(t, c.Settle(t.Context(), s))
	c.later.Store(0)
	if got := v.balance(); got != "CHF:21" {
		t.Errorf("then there is %s", got)
	}
}
