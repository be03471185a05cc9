package card_test

import (
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// An earlier attempt with the same reference failed, or was given back, and the present one
// is on its way: what the provider says of the earlier one is no answer about it.
func TestAnEarlierAttemptIsNoAnswerAboutThisOne(t *testing.T) {
	for name, back := range map[string]string{"declined": "CHF:0", "given back": "CHF:20"} {
		for way, ask := range map[string]func(*shop) error{
			"LOOKUP": func(s *shop) error {
				_, err := s.vendor("LOOKUP", map[string]string{"reference": "W1"})
				return err
			},
			"CHARGE": func(s *shop) error { _, err := s.charge("approved", "W1", "CHF:20"); return err },
		} {
			t.Run(name+", "+way, func(t *testing.T) {
				s := openShop(t)
				s.books.misbehave(silent)
				_, err := s.charge("approved", "W1", "CHF:20")
				wantFault(t, err, fault.Unknown, "provider-unknown")
				if back == "CHF:0" {
					s.books.settle("W1", "failed")
				}
				s.books.gaveBack(0, back)
				if _, err := s.vendor("LOOKUP", map[string]string{"reference": "W1"}); err != nil || s.booked("W1").State != "declined" {
					t.Fatalf("booked as %+v: %v", s.booked("W1"), err)
				}
				_, err = s.charge("approved", "W1", "CHF:20")
				wantFault(t, err, fault.Unknown, "provider-unknown")
				s.books.mu.Lock()
				second := s.books.payments[1]
				s.books.payments = s.books.payments[:1]
				s.books.mu.Unlock()
				s.passes(4 * time.Minute)
				wantFault(t, ask(s), fault.Unknown, "provider-unknown")
				if got := s.booked("W1").State; got != "pending" || s.books.charged() != 2 {
					t.Errorf("booked as %s after %d charges", got, s.books.charged())
				}
				s.books.mu.Lock()
				s.books.payments = append(s.books.payments, second)
				s.books.mu.Unlock()
				if err := ask(s); err != nil || s.booked("W1").Transaction != second.ID {
					t.Errorf("booked as %+v: %v", s.booked("W1"), err)
				}
			})
		}
	}
}

// One that was taken for declined and is paid after all is the payment.
func TestAnEarlierAttemptThatIsPaidAfterAllIsThePayment(t *testing.T) {
	s := openShop(t)
	if _, err := s.charge("declined", "W1", "CHF:20"); err == nil {
		t.Fatal("it is paid")
	}
	s.books.misbehave(silent)
	_, err := s.charge("approved", "W1", "CHF:20")
	wantFault(t, err, fault.Unknown, "provider-unknown")
	s.books.mu.Lock()
	s.books.payments = s.books.payments[:1]
	s.books.mu.Unlock()
	s.books.settle("W1", "paid")
	if _, err := s.vendor("LOOKUP", map[string]string{"reference": "W1"}); err != nil || s.booked("W1").Transaction != "pay-1" {
		t.Errorf("booked as %+v: %v", s.booked("W1"), err)
	}
}

// A payer may try as often as they like: the payment does not grow by each.
func TestOnlyTheLatestAttemptsAreKept(t *testing.T) {
	s := openShop(t)
	for range 18 {
		if _, err := s.charge("declined", "W1", "CHF:20"); err == nil {
			t.Fatal("it is paid")
		}
	}
	if got := s.booked("W1").Former; len(got) != 16 || got[15] != "pay-17" {
		t.Errorf("kept are %v", got)
	}
}
