package client_test

import (
	"context"
	"testing"

	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/vendor"
)

// takenUnheard is a payment whose first part a vendor is long in taking. Its payer does not
// wait, and it was taken after all.
func (m *market) takenUnheard() client.Whole {
	t := m.t
	t.Helper()
	taken := make(chan struct{})
	m.slow.Store(taken)
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		taken <- struct{}{} // it is there
		leave()
	}()
	got, err := m.PayTogether(ctx, m.purchase("k"), &chooser{})
	if got.Status != client.PaymentOpen {
		t.Fatalf("it is %s: %v", got.Status, err)
	}
	op, err := m.party.Protocols().Named(t.Context(), string(got.Parts[0].Operation))
	check(t, err)
	check(t, m.party.Protocols().Forgo(t.Context(), op))
	m.slow.Store((chan struct{})(nil))
	taken <- struct{}{}
	if _, err := m.shop.Protocols().Await(t.Context(), op); err != nil {
		t.Fatal(err)
	}
	got, err = m.ResumePayment(t.Context(), string(got.Operation), client.Nobody{})
	if got.Status != client.PaymentOpen || got.Parts[0].State != client.PartWaiting {
		t.Fatalf("before it is asked about it is %s: %v", got.Status, err)
	}
	return got
}

// The next operation of the part learns that.
func TestAPartThatWasTakenUnheardIsPaid(t *testing.T) {
	m := openMarket(t)
	before := m.takenUnheard()
	got, err := m.ResumePayment(t.Context(), string(before.Operation), client.Nobody{})
	if err != nil || got.Status != client.PaymentPaid || got.Parts[0].Operation != before.Parts[0].Operation || m.has() != "shown used ready; 2 taken" {
		t.Errorf("it is %s, part 1 by %s, %s: %v", got.Status, got.Parts[0].Operation, m.has(), err)
	}
	if is := m.shopSays(got); is != vendor.PaymentPaid {
		t.Errorf("the shop says %s", is)
	}
}

// So what it has paid comes back when another part fails.
func TestAPartThatWasTakenUnheardComesBack(t *testing.T) {
	m := openMarket(t)
	got := m.takenUnheard()
	m.refuses.Store("blue")
	got, err := m.ResumePayment(t.Context(), string(got.Operation), client.Nobody{})
	if got.Status != client.PaymentRefunded || m.has() != "ready ready ready; 0 taken" {
		t.Errorf("it is %s, %s: %v", got.Status, m.has(), err)
	}
}
