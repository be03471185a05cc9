package client_test

import (
	"context"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
)

// left is a payment whose payer has left while its vendor has its first part, and not taken it yet. It
// takes it when told to.
func (m *market) left() (got client.Whole, op instrument.OperationID, take func()) {
	m.t.Helper()
	taken := make(chan struct{})
	m.slow.Store(taken)
	ctx, leave := context.WithCancel(m.t.Context())
	go func() {
		taken <- struct{}{} // it is there
		leave()
	}()
	got, err := m.PayTogether(ctx, m.purchase("k"), &chooser{})
	if got.Status != client.PaymentOpen || got.Parts[0].State != client.PartPaying {
		m.t.Fatalf("it is %s, part 1 %s: %v", got.Status, got.Parts[0].State, err)
	}
	op, err = m.party.Protocols().Named(m.t.Context(), string(got.Parts[0].Operation))
	check(m.t, err)
	return got, op, func() {
		m.slow.Store((chan struct{})(nil))
		taken <- struct{}{}
	}
}

// takenUnheard is a payment whose first part its payer has given up, and that was taken after all.
func (m *market) takenUnheard() client.Whole {
	t := m.t
	t.Helper()
	got, op, take := m.left()
	check(t, m.party.Protocols().Forgo(t.Context(), op))
	take()
	if _, err := m.shop.Protocols().Await(t.Context(), op); err != nil {
		t.Fatal(err)
	}
	got, err := m.ResumePayment(t.Context(), string(got.Operation), client.Nobody{})
	if got.Status != client.PaymentOpen || got.Parts[0].State != client.PartWaiting {
		t.Fatalf("before it is asked about it is %s: %v", got.Status, err)
	}
	return got
}

// takenAfter is one whose first part was taken, as its operation has heard.
func (m *market) takenAfter() client.Whole {
	m.t.Helper()
	got, op, take := m.left()
	take()
	if _, err := m.party.Protocols().Await(m.t.Context(), op); err != nil {
		m.t.Fatal(err)
	}
	return got
}

// Whoever waits for a part's operation may have no more time in the moment in which it ends
// well. That it has is on record, and the part is paid.
func TestAPartThatHasEndedWellIsNotInDoubt(t *testing.T) {
	m := openMarket(t)
	got := m.takenAfter()
	check(t, m.PartTold(t.Context(), string(got.Operation), 0, fault.New(fault.Unknown, "it takes long")))
	got, err := m.FindPayment(t.Context(), string(got.Operation))
	if err != nil || got.Parts[0].State != client.PartPaid {
		t.Errorf("it is %s: %v", got.Parts[0].State, err)
	}
}

// So it is where it was put down as one that may be paid: its instrument is used, and no other
// operation could ask its vendor.
func TestAPartThatHasEndedWellIsFoundOut(t *testing.T) {
	m := openMarket(t)
	before := m.takenAfter()
	check(t, m.PartInDoubt(t.Context(), string(before.Operation), 0))
	got, err := m.ResumePayment(t.Context(), string(before.Operation), client.Nobody{})
	if err != nil || got.Status != client.PaymentPaid || got.Parts[0].Operation != before.Parts[0].Operation || m.has() != "used used ready; 2 taken" {
		t.Errorf("it is %s, part 1 by %s, %s: %v", got.Status, got.Parts[0].Operation, m.has(), err)
	}
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

// So it is with the last part, with which the vendor has the payment in full and takes no more parts.
func TestALastPartThatWasTakenUnheardIsPaid(t *testing.T) {
	m := openMarket(t)
	taken := make(chan struct{})
	ctx, leave := context.WithCancel(t.Context())
	before, err := m.PayTogether(ctx, m.purchase("k"), &slowing{chooser: &chooser{}, when: func() {
		m.slow.Store(taken)
		go func() {
			taken <- struct{}{} // it is there
			leave()
		}()
	}})
	if before.Status != client.PaymentOpen || before.Parts[1].State != client.PartPaying {
		t.Fatalf("it is %s, part 2 %s: %v", before.Status, before.Parts[1].State, err)
	}
	op, err := m.party.Protocols().Named(t.Context(), string(before.Parts[1].Operation))
	check(t, err)
	check(t, m.party.Protocols().Forgo(t.Context(), op))
	m.slow.Store((chan struct{})(nil))
	taken <- struct{}{}
	if _, err := m.shop.Protocols().Await(t.Context(), op); err != nil {
		t.Fatal(err)
	}
	if got, err := m.ResumePayment(t.Context(), string(before.Operation), client.Nobody{}); got.Status != client.PaymentOpen || got.Parts[1].State != client.PartWaiting {
		t.Fatalf("before it is asked about it is %s: %v", got.Status, err)
	}
	got, err := m.ResumePayment(t.Context(), string(before.Operation), client.Nobody{})
	if err != nil || got.Status != client.PaymentPaid || got.Parts[1].Operation != before.Parts[1].Operation || m.has() != "used shown ready; 2 taken" {
		t.Errorf("it is %s, part 2 by %s, %s: %v", got.Status, got.Parts[1].Operation, m.has(), err)
	}
}

// slowing is a payer who is told when the first part is paid.
type slowing struct {
	*chooser
	when func()
}

func (s *slowing) Show(w client.Whole) {
	if w.Parts[0].State == client.PartPaid && s.when != nil {
		s.when()
		s.when = nil
	}
}
