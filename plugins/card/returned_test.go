package card_test

import (
	"net/http"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/protocol"
)

// gaveBack is a provider that is asked to give some of a payment back.
func (b *books) gaveBack(n int, back string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.payments[n].Refunded = amount(back)
}

// The answer to a charge is lost, and the merchant gives the money back at the
// provider before the terminal asks: it has no money, and says so however it asks.
func TestWhatWentBackBeforeItWasKnownPaysNothing(t *testing.T) {
	ask := map[string]func(*shop) error{
		"PAY":    func(s *shop) error { _, err := s.pay("W1", "CHF:20"); return err },
		"CHARGE": func(s *shop) error { _, err := s.charge("approved", "W1", "CHF:20"); return err },
		"LOOKUP": func(s *shop) error {
			got, err := s.vendor("LOOKUP", map[string]string{"reference": "W1"})
			if err == nil && factsOf(s.t, got).State == protocol.FactFailed {
				return fault.New(fault.Declined, "x").Because("payment-returned")
			}
			return err
		},
	}
	for name, ask := range ask {
		t.Run(name, func(t *testing.T) {
			s := openShop(t)
			s.books.misbehave(silent)
			_, err := s.pay("W1", "CHF:20")
			wantFault(t, err, fault.Unknown, "provider-unknown")
			s.books.misbehave(nil)
			s.books.gaveBack(0, "CHF:5")
			if err := ask(s); err == nil || fault.ReasonOf(err) != "payment-differs" {
				t.Errorf("with a part back: %v", err)
			}
			if got := s.booked("W1"); got.State != "pending" {
				t.Errorf("with a part back it is booked as %+v", got)
			}
			s.books.gaveBack(0, "CHF:20")
			wantFault(t, ask(s), fault.Declined, "payment-returned")
			if got := s.booked("W1"); got.State != "declined" || got.Reason != "payment-returned" || s.books.charged() != 1 {
				t.Errorf("booked as %+v after %d charges", got, s.books.charged())
			}
		})
	}
}

// A charge that is sent again after a crash is answered with the first payment, as it
// stands by then.
func TestARepeatedChargeHearsWhatWentBack(t *testing.T) {
	for back, want := range map[string]string{"CHF:5": "pending", "CHF:20": "declined"} {
		t.Run(back, func(t *testing.T) {
			s := openShop(t)
			s.books.misbehave(func(_ http.ResponseWriter, made *payment) bool {
				made.Refunded = amount(back)
				return false
			})
			if _, err := s.charge("approved", "W1", "CHF:20"); err == nil {
				t.Error("it counts as paid")
			}
			if got := s.booked("W1").State; got != want {
				t.Errorf("booked as %s", got)
			}
		})
	}
}

// One that went back hides no later one with its reference, and stays known as paid
// where it was on record before.
func TestWhatWentBackIsNotTheLaterPayment(t *testing.T) {
	s := openShop(t)
	if _, err := s.charge("approved", "W0", "CHF:20"); err != nil {
		t.Fatal(err)
	}
	s.books.gaveBack(0, "CHF:20")
	got, err := s.vendor("LOOKUP", map[string]string{"reference": "W0"})
	if err != nil || factsOf(t, got).State != protocol.FactPaid || s.booked("W0").State != "paid" {
		t.Errorf("a payment on record: %s, %v", got.Value, err)
	}
	s.books.misbehave(silent)
	_, err = s.charge("approved", "W1", "CHF:20")
	wantFault(t, err, fault.Unknown, "provider-unknown")
	s.books.mu.Lock()
	s.books.payments = append(s.books.payments, &payment{ID: "pay-9", State: "paid", Amount: amount("CHF:20"), Refunded: amount("CHF:20"), Reference: "W1"})
	s.books.mu.Unlock()
	if _, err := s.vendor("LOOKUP", map[string]string{"reference": "W1"}); err != nil || s.booked("W1").Transaction != "pay-2" {
		t.Errorf("booked as %+v: %v", s.booked("W1"), err)
	}
}
