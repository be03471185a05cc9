package client_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/client"
)

// inDoubt is a payment whose first part is paid, and of whose second one nobody knows.
func (m *market) inDoubt() string {
	m.t.Helper()
	m.unknown.Store("blue")
	got, err := m.PayTogether(m.t.Context(), m.purchase("k"), &chooser{})
	if got.Status != client.PaymentOpen || got.Parts[0].State != client.PartPaid || got.Parts[1].State != client.PartWaiting || got.Parts[1].Reason == "" {
		m.t.Fatalf("it is %+v: %v", got, err)
	}
	return string(got.Operation)
}

// A part that may be paid keeps a payment from being decided: neither does what was paid
// come back, nor is it abandoned. Both say how the person gets out of it.
func TestAPartInDoubtIsFoundOutFirst(t *testing.T) {
	m := openMarket(t)
	name := m.inDoubt()
	got, err := m.RefundPayment(t.Context(), name)
	f := fault.From(err)
	if got.Status != client.PaymentOpen || !errors.Is(err, fault.Unknown) || f.Reason != "part-in-doubt" || !strings.Contains(f.Hint, "wallet operation abandon "+name+" --forgo") {
		t.Fatalf("wanted back it is %s: %v, %s", got.Status, err, f.Hint)
	}
	if _, err := m.AbandonPayment(t.Context(), name); fault.ReasonOf(err) != "value-outside" {
		t.Errorf("abandoned: %v", err)
	}
	m.unknown.Store("")
	got, err = m.ResumePayment(t.Context(), name, client.Nobody{})
	if err != nil || got.Status != client.PaymentPaid {
		t.Errorf("found out it is %s: %v", got.Status, err)
	}
}

// With nothing else paid, it is the doubt alone that is told.
func TestAFirstPartInDoubtIsNotAbandoned(t *testing.T) {
	m := openMarket(t)
	got := m.takenUnheard()
	_, err := m.AbandonPayment(t.Context(), string(got.Operation))
	if f := fault.From(err); fault.ReasonOf(err) != "value-outside" || !strings.Contains(f.Hint, "--forgo") {
		t.Errorf("abandoned: %v", err)
	}
	got, err = m.ForgoPayment(t.Context(), string(got.Operation))
	if err != nil || got.Status != client.PaymentAborted || got.Parts[0].State != client.PartFailed || m.has() != "shown ready ready; 1 taken" {
		t.Errorf("given up it is %s, %s: %v", got.Status, m.has(), err)
	}
}

// A vendor that asks for more by now refuses to begin another operation of the part, and
// says nothing of the one before: the part has not failed, and nothing comes back.
func TestARefusalToAskIsNoEndOfAPartInDoubt(t *testing.T) {
	m := openMarket(t)
	name := m.inDoubt()
	m.dearer.Store(true)
	got, err := m.ResumePayment(t.Context(), name, client.Nobody{})
	if got.Status != client.PaymentOpen || !errors.Is(err, fault.Unknown) || fault.ReasonOf(err) != "pending" || got.Parts[0].State != client.PartPaid {
		t.Errorf("it is %s: %v", got.Status, err)
	}
}

// What may have been paid is given up by the payer's word alone; what certainly was paid
// comes back, at once.
func TestAPartInDoubtIsGivenUp(t *testing.T) {
	m := openMarket(t)
	got, err := m.ForgoPayment(t.Context(), m.inDoubt())
	if err != nil || got.Status != client.PaymentRefunded || got.Parts[0].State != client.PartRefunded || got.Parts[1].State != client.PartFailed || !strings.Contains(got.Reason, "given up") {
		t.Errorf("it is %+v: %v", got, err)
	}
	if has := m.has(); !strings.HasPrefix(has, "ready ") || !strings.HasSuffix(has, "; 0 taken") {
		t.Errorf("%s", has)
	}
}

// A payment that is paid in full does not come back as a whole: its vendor may have
// delivered.
func TestAPaymentInFullDoesNotComeBackWhole(t *testing.T) {
	m := openMarket(t)
	paid, err := m.PayTogether(t.Context(), m.purchase("k"), &chooser{})
	check(t, err)
	got, err := m.RefundPayment(t.Context(), string(paid.Operation))
	if got.Status != client.PaymentPaid || fault.ReasonOf(err) != "payment-over" || m.has() != "used used ready; 2 taken" {
		t.Errorf("it is %s, %s: %v", got.Status, m.has(), err)
	}
	if got, err = m.ForgoPayment(t.Context(), string(paid.Operation)); got.Status != client.PaymentPaid || fault.ReasonOf(err) != "payment-not-refunding" {
		t.Errorf("given up it is %s: %v", got.Status, err)
	}
}
