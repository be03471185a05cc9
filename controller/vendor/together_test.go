package vendor_test

import (
	"context"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// content is a payer who agrees, and has no other instrument.
type content struct{ client.Nobody }

func (content) Agree(context.Context, []client.Bill) (bool, error) { return true, nil }

// A payment by card and from an account: paid, or both come back. The account is
// credited by the vendor, the card by its provider.
func TestACardAndAnAccountPayTogether(t *testing.T) {
	for _, row := range []struct {
		name    string
		mood    func(*banktest.Mood)
		status  string
		reason  fault.Reason
		balance string // of the account, which has CHF 20
	}{
		{"all is well", func(*banktest.Mood) {}, client.PaymentPaid, "", "CHF:16"},
		{"the card is declined", func(m *banktest.Mood) { m.Refuses = true }, client.PaymentRefunded, "payment-given-back", "CHF:20"},
		{"nobody knows about the card", func(m *banktest.Mood) { m.Late, m.Waiting = true, true }, client.PaymentOpen, "pending", "CHF:16"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newCast(t)
			shop := c.open(t)
			v := c.visit(t, shop)
			check(t, v.payIn(v.number, "first", "CHF:20"))
			check(t, checkBalance(v, "CHF:20"))
			c.cards.Be(row.mood)
			w := client.New(v.Controller, v.me, nil)
			op, err := v.OperationID("both")
			check(t, err)
			got, err := w.PayTogether(t.Context(), client.Together{
				Peer: shop, Operation: op, Amount: amount(t, "CHF:10"),
				Shares: []client.Share{{Instrument: v.account, Amount: amount(t, "CHF:4")}, {Instrument: v.card}},
			}, content{})
			if got.Status != row.status || fault.ReasonOf(err) != row.reason || (err == nil) != (row.reason == "") {
				t.Fatalf("it is %s: %v", got.Status, err)
			}
			check(t, checkBalance(v, row.balance))
			if row.status != client.PaymentOpen {
				return
			}
			all, err := c.AllPayments(t.Context())
			check(t, err)
			if len(all) != 1 || all[0].Name != protocol.Short(op) || len(all[0].Parts) != 1 || len(all[0].Unheard) != 1 || all[0].Unheard[0].Amount != amount(t, "CHF:6") || all[0].Unheard[0].Known {
				t.Errorf("the vendor sees %+v", all) // the charge of which nobody knows, with its payment
			}

			// The provider is heard again: the same charge is found by its reference, and
			// the card is charged once.
			c.cards.Be(func(m *banktest.Mood) { m.Late, m.Waiting = false, false })
			c.cards.Settle()
			got, err = w.ResumePayment(t.Context(), string(got.Operation), client.Nobody{})
			if err != nil || got.Status != client.PaymentPaid || c.cards.Times() != 2 {
				t.Errorf("it is %s: %v; %d charges", got.Status, err, c.cards.Times())
			}
		})
	}
}

// The card has paid before the account is found to be too small: its provider gives
// back what it has charged, or the payment stays open until it does.
func TestACardGetsItsPartBack(t *testing.T) {
	c := newCast(t)
	shop := c.open(t)
	v := c.visit(t, shop)
	w := client.New(v.Controller, v.me, nil)
	op, err := v.OperationID("both")
	check(t, err)
	c.cards.Be(func(m *banktest.Mood) { m.Stingy = true })
	got, err := w.PayTogether(t.Context(), client.Together{
		Peer: shop, Operation: op, Amount: amount(t, "CHF:10"),
		Shares: []client.Share{{Instrument: v.card, Amount: amount(t, "CHF:6")}, {Instrument: v.account}},
	}, content{})
	if got.Status != client.PaymentRefunding || fault.ReasonOf(err) != "pending" {
		t.Fatalf("it is %s: %v", got.Status, err)
	}
	c.cards.Be(func(m *banktest.Mood) { m.Stingy = false })
	for range 2 { // and it stays so
		got, err = w.ResumePayment(t.Context(), string(got.Operation), client.Nobody{})
		if got.Status != client.PaymentRefunded || fault.ReasonOf(err) != "payment-given-back" {
			t.Fatalf("it is %s: %v", got.Status, err)
		}
	}
	all, err := c.Instruments().List(t.Context(), instrument.Filter{Class: vendor.ClassCardPayment})
	check(t, err)
	if len(all) != 1 || all[0].Status != "refunded" {
		t.Errorf("%d payments; the first is %s", len(all), all[0].Status)
	}
}

func checkBalance(v *visit, want string) error {
	if got := v.balance(); got != want {
		return fault.New(fault.Internal, "there is %s in the account, not %s", got, want)
	}
	return nil
}
