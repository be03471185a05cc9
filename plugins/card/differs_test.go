package card_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Whoever knows the reference of a payment whose outcome is not known yet pays less
// under it, at the provider itself: that is not the payment that was asked for.
func TestLessThatWasPaidUnderTheReferenceIsNotThePayment(t *testing.T) {
	less := func(s *shop) {
		s.books.mu.Lock()
		defer s.books.mu.Unlock()
		s.books.payments = append(s.books.payments, &payment{ID: "pay-9", State: "paid", Amount: amount("CHF:0.01"), Refunded: amount("CHF:0"), Reference: "W1"})
	}
	again := map[string]func(*shop) error{
		"PAY":    func(s *shop) error { _, err := s.pay("W1", "CHF:1000"); return err },
		"CHARGE": func(s *shop) error { _, err := s.charge("approved", "W1", "CHF:1000"); return err },
	}
	for name, pay := range again {
		t.Run(name, func(t *testing.T) {
			s := openShop(t)
			s.books.misbehave(silent)
			wantFault(t, pay(s), fault.Unknown, "provider-unknown")
			s.books.settle("W1", "pending")
			less(s)
			wantFault(t, pay(s), fault.Unknown, "payment-differs")
			if got := s.booked("W1").State; got != "pending" || s.books.charged() != 1 {
				t.Errorf("booked as %s after %d charges", got, s.books.charged())
			}
		})
		t.Run(name+", where the second charge is refused for it", func(t *testing.T) {
			s := openShop(t)
			s.books.hides(true)
			s.books.misbehave(silent)
			wantFault(t, pay(s), fault.Unknown, "provider-unknown")
			s.passes(5 * time.Minute)
			s.books.misbehave(func(w http.ResponseWriter, made *payment) bool {
				s.books.payments = []*payment{{ID: "pay-9", State: "paid", Amount: amount("CHF:0.01"), Refunded: amount("CHF:0"), Reference: "W1"}}
				made.State, s.books.hide = "failed", false
				return false
			})
			wantFault(t, pay(s), fault.Unknown, "provider-unknown")
			if got := s.booked("W1").State; got != "pending" {
				t.Errorf("booked as %s", got)
			}
		})
	}
}

// Nor does it stand before the payment once that is paid, too.
func TestLessThatWasPaidUnderTheReferenceHidesNoPayment(t *testing.T) {
	for name, at := range map[string]int{"before it": 0, "behind it": 1} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t)
			s.books.misbehave(silent)
			_, err := s.charge("approved", "W1", "CHF:1000")
			wantFault(t, err, fault.Unknown, "provider-unknown")
			s.books.mu.Lock()
			s.books.payments = slices.Insert(s.books.payments, at, &payment{ID: "pay-9", State: "paid", Amount: amount("CHF:0.01"), Refunded: amount("CHF:0"), Reference: "W1"})
			s.books.mu.Unlock()
			if _, err := s.vendor("LOOKUP", map[string]string{"reference": "W1"}); err != nil || s.booked("W1").Transaction != "pay-1" {
				t.Errorf("booked as %+v: %v", s.booked("W1"), err)
			}
		})
	}
}
