package client_test

import (
	"context"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/vendor"
)

// late agrees, and then prices rise.
type late struct {
	*chooser
	m *market
}

func (l late) Agree(ctx context.Context, bills []client.Bill) (bool, error) {
	defer l.m.dearer.Store(true)
	return l.chooser.Agree(ctx, bills)
}

// A part is paid at the price that the person has agreed to, or not at all.
func TestAPriceThatHasRisenIsNotPaid(t *testing.T) {
	m := openMarket(t)
	got, err := m.PayTogether(t.Context(), m.purchase("k"), late{&chooser{}, m})
	if got.Status != client.PaymentAborted || fault.ReasonOf(err) != "payment-aborted" || m.has() != "ready ready ready; 0 taken" {
		t.Errorf("it is %s, %s: %v", got.Status, m.has(), err)
	}
}

// The wallet died when the last part was paid, and before that was on its record. Whoever wants
// the payment back then, or gives up what may have been paid, learns that it is paid in full: the
// shop delivers for it, and gives nothing back unasked.
func TestWhatWasPaidAfterAllIsPaid(t *testing.T) {
	for name, does := range map[string]func(*market, string) (client.Whole, error){
		"wanted back": func(m *market, name string) (client.Whole, error) { return m.RefundPayment(m.t.Context(), name) },
		"given up":    func(m *market, name string) (client.Whole, error) { return m.ForgoPayment(m.t.Context(), name) },
	} {
		t.Run(name, func(t *testing.T) {
			m := openMarket(t)
			m.unknown.Store("blue")
			got, err := m.PayTogether(t.Context(), m.purchase("k"), &chooser{})
			if got.Status != client.PaymentOpen {
				t.Fatalf("it is %s: %v", got.Status, err)
			}
			m.unknown.Store("")
			m.dies.Store(m.passed.Load() + 5) // the claim and the part's operation are on record, and it has paid
			if !m.dying(func() { _, _ = m.ResumePayment(t.Context(), string(got.Operation), client.Nobody{}) }) {
				t.Fatal("it lives")
			}
			m.dies.Store(0)
			got, err = does(m, string(got.Operation))
			if fault.ReasonOf(err) != "payment-over" || got.Status != client.PaymentPaid || m.has() != "used used ready; 2 taken" || m.shopSays(got) != vendor.PaymentPaid {
				t.Errorf("it is %s, %s; the shop says %s: %v", got.Status, m.has(), m.shopSays(got), err)
			}
		})
	}
}

// bargain agrees, and then prices fall.
type bargain struct {
	*chooser
	m *market
}

func (b bargain) Agree(ctx context.Context, bills []client.Bill) (bool, error) {
	defer b.m.cheaper.Store(true)
	return b.chooser.Agree(ctx, bills)
}

// A part that has cost less than was agreed to has come back when that has: its vendor has had no more.
func TestAPriceThatHasFallenComesBack(t *testing.T) {
	m := openMarket(t)
	m.refuses.Store("blue")
	got, err := m.PayTogether(t.Context(), m.purchase("k"), bargain{&chooser{}, m})
	if got.Status != client.PaymentRefunded || fault.ReasonOf(err) != "payment-given-back" || m.has() != "ready ready ready; 0 taken" {
		t.Errorf("it is %s, %s: %v", got.Status, m.has(), err)
	}
}
