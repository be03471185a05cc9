package vendor_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// A refund comes back to the class that paid, whatever was negotiated for another payment, and
// what is asked for wrongly closes no payment.
func TestARefundIsOfTheClassThatPaid(t *testing.T) {
	c := newCast(t)
	v := c.visit(t, c.open(t))
	check(t, v.payIn(v.number, "first", "CHF:20"))
	check(t, checkBalance(v, "CHF:20"))
	card, err := v.with(vendor.ClassCard, v.card, "card", partOf("dinner", "1", "CHF:9", "CHF:4"))
	check(t, err)
	account, err := v.with(vendor.ClassPrepaid, v.account, "account", partOf("lunch", "1", "CHF:9", "CHF:4"))
	check(t, err)
	ask := func(class instrument.ClassID, on instrument.ID, agreed, asked instrument.OperationID) error {
		return v.do(class, instrument.Invoice{controller.InvoiceRefund: string(agreed)}, protocol.Refund, map[string]any{"payment": asked}, on)
	}
	for name, err := range map[string]error{
		"an account's payment to a card":   ask(vendor.ClassCard, v.card, card, account),
		"a card's payment into an account": ask(vendor.ClassPrepaid, v.account, account, card),
	} {
		if fault.ReasonOf(err) != "class-differs" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"dinner", "lunch"} {
		if p, err := c.Payment(t.Context(), v.Self().Key, name); err != nil || p.Status != vendor.PaymentOpen {
			t.Errorf("%s is %s: %v", name, p.Status, err)
		}
	}
	check(t, checkBalance(v, "CHF:16"))
	if n := c.cards.Refunds(); n != 0 {
		t.Errorf("%d refunds", n)
	}
}
