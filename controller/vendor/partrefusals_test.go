package vendor_test

import (
	"context"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

func TestPartsThatAreRefused(t *testing.T) {
	for _, row := range []struct {
		name, part, price string
		before            func(*stall)
		reason            fault.Reason
	}{
		{"more than the total", "b", "CHF:4", nil, "part-malformed"},
		{"nothing", "b", "CHF:0", nil, "part-malformed"},
		{"other money", "b", "EUR:1", nil, "part-malformed"},
		{"without a name", "", "CHF:1", nil, "part-malformed"},
		{"another part of that name", "a", "CHF:2", nil, "part-differs"},
		{"more than is left", "b", "CHF:2.5", nil, "parts-too-much"},
		{"one more when all is paid", "b", "CHF:1", func(s *stall) { check(s.t, s.pay(s.amy, "p", "c", "CHF:2")) }, "payment-over"},
		{"the same once more when all is paid", "c", "CHF:2", func(s *stall) { check(s.t, s.pay(s.amy, "p", "c", "CHF:2")) }, controller.ReasonPartPaid},
		{"the same once more when it was given back", "a", "CHF:1", func(s *stall) { check(s.t, s.refund(s.amy, "a")) }, "payment-over"},
		{"one more when it was given back", "b", "CHF:1", func(s *stall) { check(s.t, s.refund(s.amy, "a")) }, "payment-over"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := openStall(t, nil)
			check(t, s.pay(s.amy, "p", "a", "CHF:1"))
			if row.before != nil {
				row.before(s)
			}
			if err := s.pay(s.amy, "p", row.part, row.price); fault.ReasonOf(err) != row.reason {
				t.Errorf("error = %v", err)
			}
		})
	}
	// Two payers may choose one name.
	s := openStall(t, nil)
	check(t, s.pay(s.amy, "p", "a", "CHF:3"))
	check(t, s.pay(s.bob, "p", "a", "CHF:1"))
	if a, b := s.status(s.amy, "p"), s.status(s.bob, "p"); a != vendor.PaymentPaid || b != vendor.PaymentOpen {
		t.Errorf("%s, %s", a, b)
	}
}

// A part that does not name its payment is refused: it would be taken for a purchase of its own,
// and be paid beside the others.
func TestAPartNamesItsPayment(t *testing.T) {
	s := openStall(t, nil)
	session, err := s.amy.InitiateSession(t.Context(), s.peer, controller.Login{})
	check(t, err)
	t.Cleanup(func() { _ = session.Close(context.WithoutCancel(t.Context())) })
	for _, member := range []string{controller.InvoicePart, controller.InvoiceTotal} {
		_, err := session.Negotiate(t.Context(), "stamp", instrument.Invoice{controller.InvoiceAmount: "CHF:1", member: "CHF:3"})
		if fault.ReasonOf(err) != "part-malformed" {
			t.Errorf("with %s alone: %v", member, err)
		}
	}
}

func FuzzParts(f *testing.F) {
	f.Add("p", "a", "CHF:3", "CHF:1")
	f.Add("", "", "CHF:", ":0")
	f.Fuzz(func(t *testing.T, payment, part, total, price string) {
		s, sum, err := vendor.ReadPart(instrument.Invoice{
			controller.InvoicePayment: payment, controller.InvoicePart: part, controller.InvoiceTotal: total, controller.InvoiceAmount: price,
		})
		if err != nil {
			return
		}
		if c, err := s.Cmp(sum); err != nil || c > 0 || s.IsZero() || part == "" || len(part) > 64 || len(payment) > 64 {
			t.Errorf("%q %q: %s of %s", payment, part, s, sum)
		}
	})
}

// The parts of one payment are for one product and of one total, so that whoever delivers
// for it need not look at each.
func TestThePartsOfAPaymentAreForOneProduct(t *testing.T) {
	s := openStall(t, nil)
	total := "CHF:3"
	buy := func(part, product string) error {
		stamp := s.amy.Create(t, instrument.Instance{Class: "stamp", Status: "ready", State: []byte(`"` + part + `"`)})
		session, err := s.amy.InitiateSession(t.Context(), s.peer, controller.Login{})
		check(t, err)
		defer func() { _ = session.Close(t.Context()) }()
		_, err = session.Negotiate(t.Context(), "stamp", instrument.Invoice{"payment": "p", "part": part, "total": total, "amount": "CHF:1", "product": product})
		check(t, err)
		_, err = session.Execute(t.Context(), controller.Transaction{Principal: s.amy.Me(t), Operation: protocol.Pay, Class: "stamp", Instruments: []instrument.ID{stamp}}, nil)
		return err
	}
	check(t, buy("1", "A1"))
	if err := buy("2", "B2"); fault.ReasonOf(err) != "product-differs" {
		t.Errorf("another product: %v", err)
	}
	total = "CHF:1"
	if err := buy("2", "A1"); fault.ReasonOf(err) != "total-differs" {
		t.Errorf("another total: %v", err)
	}
	total = "CHF:3"
	check(t, buy("2", "A1"))
	check(t, buy("3", "A1"))
	p, err := s.Payment(t.Context(), s.amy.Identity.KeyText(), "p")
	if err != nil || p.Status != vendor.PaymentPaid || p.Product != "A1" || len(p.Parts) != 3 || p.Parts[0].ID == "" {
		t.Errorf("it is %+v, %v", p, err)
	}
}
