package card_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// meanwhile is what is done while the provider answers the next question about a reference.
func (b *books) meanwhile(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.between = f
}

// failedUnheard is a charge that has failed, and nobody has heard it.
func failedUnheard(t *testing.T) *shop {
	t.Helper()
	s := openShop(t)
	s.books.misbehave(silent)
	_, err := s.charge("approved", "W1", "CHF:20")
	wantFault(t, err, fault.Unknown, "provider-unknown")
	s.books.settle("W1", "failed")
	return s
}

// Somebody asks about a charge that has failed while it is made again: the answer is of the first
// one, and ends nothing. What the card is charged is found.
func TestAnAnswerThatIsOvertakenEndsNothing(t *testing.T) {
	s := failedUnheard(t)
	s.books.meanwhile(func() {
		_, err := s.charge("approved", "W1", "CHF:20")
		wantFault(t, err, fault.Unknown, "provider-unknown")
	})
	_, err := s.vendor("LOOKUP", map[string]string{"reference": "W1"})
	wantFault(t, err, fault.Unknown, "provider-unknown")
	if p := s.booked("W1"); p.State != "pending" || s.books.charged() != 2 {
		t.Fatalf("booked as %+v after %d charges", p, s.books.charged())
	}
	if _, err := s.vendor("LOOKUP", map[string]string{"reference": "W1"}); err != nil || s.booked("W1").State != "paid" || s.booked("W1").Transaction != "pay-2" {
		t.Errorf("then booked as %+v: %v", s.booked("W1"), err)
	}
}

// While the second charge is on its way the provider knows only of the first, which has failed. Asked
// about after it was sent, that is no answer either.
func TestAFailedAttemptIsNoAnswerAboutTheNext(t *testing.T) {
	s := failedUnheard(t)
	_, err := s.charge("approved", "W1", "CHF:20")
	wantFault(t, err, fault.Unknown, "provider-unknown")
	s.books.mu.Lock()
	second := s.books.payments[1]
	s.books.payments = s.books.payments[:1]
	s.books.mu.Unlock()
	_, err = s.vendor("LOOKUP", map[string]string{"reference": "W1"})
	wantFault(t, err, fault.Unknown, "provider-unknown")
	if p := s.booked("W1"); p.State != "pending" {
		t.Fatalf("booked as %+v", p)
	}
	s.books.mu.Lock()
	s.books.payments = append(s.books.payments, second)
	s.books.mu.Unlock()
	if _, err := s.vendor("LOOKUP", map[string]string{"reference": "W1"}); err != nil || s.booked("W1").Transaction != "pay-2" {
		t.Errorf("then booked as %+v: %v", s.booked("W1"), err)
	}
}
