package vendor_test

import (
	"fmt"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// attempts are more operations for one part than its record keeps.
const attempts = 33

// The oldest attempts at a part leave its record. Who asks for one of them back, which has paid
// nothing, does not close the payment by that: it can still be paid.
func TestAForgottenAttemptClosesNoPayment(t *testing.T) {
	c := newCast(t)
	v := c.visit(t, c.open(t))
	c.cards.Be(func(m *banktest.Mood) { m.Refuses = true })
	lunch := partOf("lunch", "1", "CHF:3", "CHF:1")
	var first instrument.OperationID
	for n := range attempts {
		op, err := v.with(vendor.ClassCard, v.card, fmt.Sprint("attempt ", n), lunch)
		if fault.KindOf(err) != fault.Declined {
			t.Fatalf("attempt %d: %v", n, err)
		}
		if n == 0 {
			first = op
		}
	}
	err := v.do(vendor.ClassCard, instrument.Invoice{controller.InvoiceRefund: string(first)}, protocol.Refund, map[string]any{"payment": first}, v.card)
	if fault.ReasonOf(err) != "payment-unknown" {
		t.Errorf("asked for the first attempt: %v", err)
	}
	c.cards.Be(func(m *banktest.Mood) { m.Refuses = false })
	if _, err := v.with(vendor.ClassCard, v.card, "at last", lunch); err != nil {
		t.Errorf("then the part is paid: %v", err)
	}
}

// A card was charged while nobody heard of it, however often its part was tried. The vendor gives
// it back by the attempt that the list of payments names; by one that has left the record nothing
// is granted.
func TestAForgottenAttemptIsGrantedNothing(t *testing.T) {
	c := newCast(t)
	v := c.visit(t, c.open(t))
	c.cards.Be(func(m *banktest.Mood) { m.Late, m.Waiting = true, true })
	var first instrument.OperationID
	for n := range attempts {
		op, err := v.with(vendor.ClassCard, v.card, fmt.Sprint("attempt ", n), partOf("lunch", "1", "CHF:3", "CHF:1"))
		if fault.KindOf(err) != fault.Unknown {
			t.Fatalf("attempt %d: %v", n, err)
		}
		if n == 0 {
			first = op
		}
	}
	c.cards.Be(func(m *banktest.Mood) { m.Late, m.Waiting = false, false })
	c.cards.Settle()
	if _, err := c.Refund(t.Context(), string(first)); fault.ReasonOf(err) != "payment-unknown" {
		t.Errorf("by the first attempt: %v", err)
	}
	all, err := c.AllPayments(t.Context())
	check(t, err)
	if len(all) != 1 || all[0].Status != vendor.PaymentOpen || len(all[0].Unheard) != 1 {
		t.Fatalf("the vendor sees %+v", all)
	}
	back, err := c.Refund(t.Context(), string(all[0].Unheard[0].Operation))
	if err != nil || !back.Done || c.cards.Refunds() != 1 {
		t.Errorf("by the attempt in the list: %+v, %v", back, err)
	}
}
