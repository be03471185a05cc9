package card_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

func TestACardPaysAnOffer(t *testing.T) {
	s := openShop(t)
	got, err := s.pay("W1", "CHF:20.5")
	if err != nil {
		t.Fatal(err)
	}
	if got.State != "paid" || got.Reference != "W1" || got.Amount != amount("CHF:20.5") || got.Transaction != "pay-1" {
		t.Errorf("the receipt is %+v", got)
	}
	if b := s.booked("W1"); b.State != "paid" || b.Transaction != "pay-1" || b.Brand != "Sandbox Card" || b.Last4 != "4242" {
		t.Errorf("the vendor booked %+v", b)
	}
	if h := s.held(); h.Counter == 0 || h.Pending != nil || len(h.Receipts) != 1 || h.Receipts[0] != got {
		t.Errorf("the card holds %+v", h)
	}
}

func TestPayingTwiceChargesOnce(t *testing.T) {
	s := openShop(t)
	first, err := s.pay("W1", "CHF:20")
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.pay("W1", "CHF:20")
	if err != nil {
		t.Fatal(err)
	}
	if again != first || s.books.paid("W1") != 1 {
		t.Errorf("the second receipt is %+v after %+v; %d charges", again, first, s.books.paid("W1"))
	}
}

func TestADeclinedCardIsFreeAgainAndAnotherMayPay(t *testing.T) {
	s := openShop(t)
	s.books.misbehave(says(200, `{"id":"x","state":"failed"}`))
	_, err := s.pay("W1", "CHF:20")
	wantFault(t, err, fault.Declined, "card-declined")
	if h := s.held(); h.Pending != nil || h.Counter == 0 {
		t.Errorf("the card holds %+v", h)
	}
	if b := s.booked("W1"); b.State != "declined" || b.Reason != "card-declined" {
		t.Errorf("the vendor booked %+v", b)
	}

	s.books.misbehave(nil)
	second := s.Initiator.Create(t, cardOf(s.books, "acc-2"))[0]
	s.card = second
	s.books.used[1] = false // a counter belongs to one card; these books know one card only
	if got, err := s.pay("W1", "CHF:20"); err != nil || got.State != "paid" {
		t.Errorf("the second card: %+v, %v", got, err)
	}
}

// The provider has the money and its answer is lost: nobody may say paid or
// declined before the provider was asked, and asking must not charge again.
func TestAnUnknownOutcomeIsFoundByAsking(t *testing.T) {
	for _, row := range []struct {
		name  string
		fault func(s *shop)
	}{
		{"the connection is cut", func(s *shop) { s.books.misbehave(silent) }},
		{"an error of the server", func(s *shop) { s.books.misbehave(says(500, "")) }},
		{"a page of a proxy", func(s *shop) { s.books.misbehave(says(200, "<html>")) }},
		{"a state of the future", func(s *shop) { s.books.misbehave(says(200, `{"id":"pay-1","state":"half-paid"}`)) }},
		{"pending", func(s *shop) { s.books.misbehave(says(200, `{"id":"pay-1","state":"pending"}`)) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := openShop(t)
			row.fault(s)
			_, err := s.pay("W1", "CHF:20")
			wantFault(t, err, fault.Unknown, "provider-unknown")
			if s.booked("W1").State != "pending" || s.held().Pending == nil {
				t.Fatal("the intent is not on record on both sides")
			}
			s.books.misbehave(nil)
			got, err := s.pay("W1", "CHF:20")
			if err != nil || got.State != "paid" || s.books.paid("W1") != 1 || s.books.charged() != 1 {
				t.Errorf("found %+v, %v after %d charges", got, err, s.books.charged())
			}
			if s.held().Pending != nil || s.booked("W1").State != "paid" {
				t.Error("the payment is still open")
			}
		})
	}
}

func TestAChargeThatNeverArrivedIsTriedAgain(t *testing.T) {
	s := openShop(t)
	s.books.misbehave(silent)
	_, err := s.pay("W1", "CHF:20")
	wantFault(t, err, fault.Unknown, "provider-unknown")
	s.books.misbehave(nil)
	s.books.hides(true)
	s.books.mu.Lock()
	s.books.payments, s.books.used = nil, map[uint64]bool{}
	s.books.mu.Unlock()
	s.passes(5 * time.Minute)
	used := s.held().Counter
	if got, err := s.pay("W1", "CHF:20"); err != nil || got.State != "paid" || s.held().Counter <= used {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAProviderThatIsDownLeavesNothingOpen(t *testing.T) {
	s := openShop(t)
	s.books.Close()
	_, err := s.pay("W1", "CHF:20")
	if fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("got %v", err)
	}
	if b := s.booked("W1"); b.State != "declined" || b.Reason != "provider-unreachable" {
		t.Errorf("the vendor booked %+v", b)
	}
	if s.held().Pending != nil {
		t.Error("the card holds a payment that cannot have happened")
	}
}

func TestAnUnknownPaymentDoesNotHideBehindTheNext(t *testing.T) {
	s := openShop(t)
	s.books.misbehave(says(500, ""))
	_, err := s.pay("W1", "CHF:20")
	wantFault(t, err, fault.Unknown, "provider-unknown")
	s.books.misbehave(nil)
	used := s.held().Counter
	if _, err := s.pay("W2", "CHF:3"); err != nil {
		t.Fatal(err)
	}
	if h := s.held(); len(h.Unresolved) != 1 || h.Unresolved[0].Reference != "W1" || h.Counter <= used {
		t.Fatalf("the card holds %+v", h)
	}
	if _, err := s.pay("W1", "CHF:20"); err != nil {
		t.Fatal(err)
	}
	if h := s.held(); len(h.Unresolved) != 0 || len(h.Receipts) != 2 {
		t.Errorf("the card holds %+v", h)
	}
}

// A vendor that never says how a payment ended cannot use a card up.
func TestACardPaysAfterManyUnknownOutcomes(t *testing.T) {
	s := openShop(t)
	s.books.misbehave(says(500, ""))
	for n := range 40 {
		_, err := s.pay(fmt.Sprint("W", n), "CHF:1")
		wantFault(t, err, fault.Unknown, "provider-unknown")
	}
	s.books.misbehave(nil)
	if _, err := s.pay("X", "CHF:20"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.pay("W0", "CHF:1"); err != nil || s.books.paid("W0") != 1 { // forgotten here, and found all the same
		t.Errorf("the first of them: %v; paid %d times", err, s.books.paid("W0"))
	}
}

func TestOffersThatACardDoesNotPay(t *testing.T) {
	for _, row := range []struct {
		name   string
		spoil  func(*protocol.Call)
		kind   fault.Kind
		reason fault.Reason
	}{
		{"none", func(c *protocol.Call) { c.Offer = nil }, fault.Invalid, "offer-missing"},
		{"for another class", func(c *protocol.Call) { c.Offer.Class = "coupon" }, fault.Invalid, "offer-missing"},
		{"without a reference", func(c *protocol.Call) { delete(c.Offer.Invoice, "reference") }, fault.Invalid, "offer-incomplete"},
		{"without a merchant", func(c *protocol.Call) { delete(c.Offer.Invoice, "merchant") }, fault.Invalid, "offer-incomplete"},
		{"of nothing", func(c *protocol.Call) { c.Offer.Terms.Price = amount("CHF:0") }, fault.Invalid, "offer-incomplete"},
		{"without a card", func(c *protocol.Call) { c.Instruments = nil }, fault.Invalid, "instrument-missing"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := openShop(t)
			c := s.payment("W1", "CHF:20")
			row.spoil(&c)
			_, err := s.Execute(t.Context(), "card.pay", c)
			if fault.KindOf(err) != row.kind || row.reason != "" && fault.ReasonOf(err) != row.reason {
				t.Errorf("got %v (%s)", err, fault.ReasonOf(err))
			}
			if s.held().Counter != 0 || s.books.charged() != 0 {
				t.Error("the card was used")
			}
		})
	}
}

// Nor does a vendor take a card for what it has not offered, or not for cards, whatever the wallet says.
func TestNoCardIsChargedWithoutAnOffer(t *testing.T) {
	for name, spoil := range map[string]func(*instrument.OfferBody) *instrument.OfferBody{
		"none":              func(*instrument.OfferBody) *instrument.OfferBody { return nil },
		"for another class": func(o *instrument.OfferBody) *instrument.OfferBody { o.Class = "coupon"; return o },
	} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t)
			s.Prepare(func(r protocol.Execution) protocol.Execution {
				r.Call.Instruments = []instrument.ID{s.provider}
				offer := *r.Call.Offer
				r.Call.Offer = spoil(&offer)
				return r
			})
			_, err := s.pay("W1", "CHF:20")
			wantFault(t, err, fault.Invalid, "offer-missing")
			if s.books.charged() != 0 {
				t.Error("the card was charged")
			}
		})
	}
}

// The vendor charges what it offered, not what it was sent: an authorisation for
// another offer goes nowhere.
func TestAnAuthorisationForAnotherOfferIsNotPassedOn(t *testing.T) {
	for name, price := range map[string]string{"cheaper": "CHF:2", "dearer": "CHF:200", "another currency": "EUR:20"} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t)
			s.Prepare(func(r protocol.Execution) protocol.Execution {
				r.Call.Instruments = []instrument.ID{s.provider}
				offer := *r.Call.Offer
				offer.Terms.Price = amount(price)
				r.Call.Offer = &offer
				return r
			})
			_, err := s.pay("W1", "CHF:20")
			wantFault(t, err, fault.Declined, "authorisation-differs")
			if s.books.charged() != 0 || s.held().Pending != nil || s.booked("W1").State != "" {
				t.Error("something is left of it")
			}
		})
	}
}

// scripted plays a wallet that sends what it likes.
func TestVendorRefusesHostileMessages(t *testing.T) {
	for name, message := range map[string]string{
		"no JSON object":     `[]`,
		"nothing":            `null`,
		"a plastic word":     `{"token":"approved","brand":"X","last4":"1234"}`,
		"not a token":        `{"token":"ota2.AAAA","brand":"X","last4":"1234"}`,
		"a token of numbers": `{"token":7}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t)
			s.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
				if f.Execute != nil && len(f.Execute.Msgs) > 0 {
					f.Execute.Msgs[0].Body = json.RawMessage(message)
				}
				return protocoltest.Deliver
			})
			_, err := s.pay("W1", "CHF:20")
			if fault.KindOf(err) != fault.Invalid {
				t.Errorf("got %v (%s)", err, fault.KindOf(err))
			}
			if s.books.charged() != 0 {
				t.Error("the provider was asked to charge")
			}
		})
	}
}

func TestAWalletDoesNotBelieveAReceiptForSomethingElse(t *testing.T) {
	for name, forged := range map[string]string{
		"another amount":      `{"transaction":"t","amount":"CHF:1","reference":"W1","state":"paid"}`,
		"another reference":   `{"transaction":"t","amount":"CHF:20","reference":"W2","state":"paid"}`,
		"not paid":            `{"transaction":"t","amount":"CHF:20","reference":"W1","state":"pending"}`,
		"without a payment":   `{"amount":"CHF:20","reference":"W1","state":"paid"}`,
		"more back than paid": `{"transaction":"t","amount":"CHF:20","reference":"W1","state":"paid","refunded":"CHF:20.01"}`,
		"other money back":    `{"transaction":"t","amount":"CHF:20","reference":"W1","state":"paid","refunded":"EUR:1"}`,
		"a long payment":      `{"transaction":"` + strings.Repeat("t", 300) + `","amount":"CHF:20","reference":"W1","state":"paid"}`,
		"nothing at all":      `{}`,
		"another type of it":  `"paid"`,
	} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t)
			s.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
				if f.Executed != nil {
					f.Executed.Result = json.RawMessage(forged)
				}
				return protocoltest.Deliver
			})
			if _, err := s.pay("W1", "CHF:20"); fault.KindOf(err) != fault.Unknown {
				t.Errorf("the wallet says %v, and the card was charged %d times", err, s.books.paid("W1"))
			}
			if h := s.held(); len(h.Receipts) != 0 || h.Pending == nil {
				t.Errorf("the card holds %+v", h)
			}
		})
	}
}

func TestOneReferenceIsChargedOnceByManyAtOnce(t *testing.T) {
	s := openShop(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := s.charge("approved", "W1", "CHF:20")
			switch fault.KindOf(err) {
			case 0, fault.Locked:
			default:
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if n := s.books.paid("W1"); n != 1 {
		t.Errorf("the card was charged %d times", n)
	}
	if got, err := s.charge("approved", "W1", "CHF:20"); err != nil || got.State != "paid" {
		t.Errorf("afterwards: %+v, %v", got, err)
	}
}
