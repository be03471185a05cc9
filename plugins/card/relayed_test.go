package card_test

import (
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// A vendor that wants something of another vendor makes its own customer the same offer: same
// reference, same merchant, same price. What the customer's card says to that it passes on as its own.
func TestAnotherVendorsCustomerPaysNothing(t *testing.T) {
	honest := openShop(t)
	evil := openShop(t)
	evil.books = honest.books
	evil.card = evil.Initiator.Create(t, cardOf(honest.books, "acc-2"))[0]

	var said json.RawMessage
	evil.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
		if f.Execute != nil && len(f.Execute.Msgs) > 0 {
			said = f.Execute.Msgs[0].Body
			f.Execute.Msgs[0].Body = json.RawMessage(`[]`)
		}
		return protocoltest.Deliver
	})
	if _, err := evil.pay("W1", "CHF:20"); err == nil || len(said) == 0 {
		t.Fatalf("the customer said %s, %v", said, err)
	}

	honest.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
		if f.Execute != nil && len(f.Execute.Msgs) > 0 {
			f.Execute.Msgs[0].Body = said
		}
		return protocoltest.Deliver
	})
	_, err := honest.pay("W1", "CHF:20")
	wantFault(t, err, fault.Declined, "authorisation-differs")
	if honest.books.charged() != 0 || honest.booked("W1").State != "" {
		t.Errorf("the customer's card was charged %d times for somebody else", honest.books.charged())
	}
}

// Nor is it taken for a plastic card: whoever holds it to the reader need not be whose it is.
func TestAWalletsAuthorisationIsNoPlasticCard(t *testing.T) {
	s := openShop(t)
	var said struct{ Token string }
	s.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
		if f.Execute != nil && len(f.Execute.Msgs) > 0 {
			_ = json.Unmarshal(f.Execute.Msgs[0].Body, &said)
			f.Execute.Msgs[0].Body = json.RawMessage(`[]`)
		}
		return protocoltest.Deliver
	})
	if _, err := s.pay("W1", "CHF:20"); err == nil || said.Token == "" {
		t.Fatalf("the wallet said %q, %v", said.Token, err)
	}
	_, err := s.charge(said.Token, "W1", "CHF:20")
	wantFault(t, err, fault.Declined, "authorisation-differs")
	if s.books.charged() != 0 || s.booked("W1").State != "" {
		t.Error("it was charged")
	}
}

// An offer that names no payer is none for a card: what it would allow could be passed on.
func TestACardPaysNoOfferToNobody(t *testing.T) {
	s := openShop(t)
	c := s.payment("W1", "CHF:20")
	c.Offer.Payer = ""
	_, err := s.Execute(t.Context(), "card.pay", c)
	wantFault(t, err, fault.Invalid, "authorisation-malformed")
	if s.held().Pending != nil || s.books.charged() != 0 {
		t.Error("the card was used")
	}
}
