package card_test

import (
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// elsewhere puts another provider in place of the shop's.
func (s *shop) elsewhere() (before *books) {
	before, s.books = s.books, openBooks(s.t)
	s.books.key = before.key
	at := providerAt(s.books.URL)
	at.Keys = map[string]string{"name": "other"}
	s.provider = s.Servicer.Create(s.t, at)[0]
	return before
}

// A provider was replaced while nobody knew whether it had charged a card. What it has charged
// is found where it was charged, by whoever pays the same again, and charged at no other.
func TestWhatAReplacedProviderHasChargedIsPaid(t *testing.T) {
	for name, left := range map[string]func(*shop){
		"of an unknown outcome": func(s *shop) { s.books.misbehave(silent) },
		"paid":                  func(*shop) {},
	} {
		for _, once := range []bool{false, true} {
			if once && name == "paid" { // which is its first operation's
				continue
			}
			t.Run(name, func(t *testing.T) {
				s := openShop(t)
				left(s)
				_, _ = s.payTo("W1", once)
				before := s.elsewhere()
				before.misbehave(nil)
				got, err := s.payTo("W1", once)
				if err != nil || got.Transaction != "pay-1" || before.paid("W1") != 1 || s.books.paid("W1") != 0 {
					t.Errorf("%+v, %v: %d there and %d here", got, err, before.paid("W1"), s.books.paid("W1"))
				}
			})
		}
	}
}

// Where it has charged nothing, a charge that is for one operation goes on at the new one. One that others
// look for by its reference, at the provider that they know, does not.
func TestWhatAReplacedProviderHasNotChargedGoesOnElsewhere(t *testing.T) {
	for name, left := range map[string]func(*shop){
		"never arrived": func(s *shop) {
			s.books.misbehave(silent)
			_, _ = s.payTo("W1", true)
			s.books.mu.Lock()
			s.books.payments = nil
			s.books.mu.Unlock()
		},
		"declined": func(s *shop) {
			s.books.misbehave(says(200, `{"id":"pay-1","state":"failed"}`))
			_, _ = s.payTo("W1", true)
			s.books.mu.Lock()
			s.books.payments = nil
			s.books.mu.Unlock()
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t)
			left(s)
			before := s.elsewhere()
			before.misbehave(nil)
			if name == "never arrived" {
				_, err := s.payTo("W1", true)
				wantFault(t, err, fault.Unknown, "provider-unknown") // it may be on its way
				s.passes(time.Hour)
			}
			_, err := s.payTo("W1", false)
			wantFault(t, err, fault.Conflict, "provider-replaced")
			if s.books.paid("W1") != 0 {
				t.Error("it was charged where nobody looks for it")
			}
			got, err := s.payTo("W1", true)
			if err != nil || got.State != "paid" || before.paid("W1") != 0 || s.books.paid("W1") != 1 {
				t.Errorf("%+v, %v: %d there and %d here", got, err, before.paid("W1"), s.books.paid("W1"))
			}
			if p := s.booked("W1"); p.Provider != s.provider || len(p.Former) != 0 {
				t.Errorf("booked as %+v", p)
			}
		})
	}
}

// payTo pays CHF:20, under an offer for one operation if it says so.
func (s *shop) payTo(reference string, once bool) (receipt, error) {
	call := s.payment(reference, "CHF:20")
	if once {
		call.Offer.Invoice["charge"] = "once"
	}
	result, err := s.Execute(s.t.Context(), "card.pay", call)
	return receiptOf(s.t, result, err), err
}
