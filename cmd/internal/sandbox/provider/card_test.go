package provider_test

import (
	"fmt"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/provider"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/card/onetime"
)

func TestACardBehavesAsItWasMade(t *testing.T) {
	s := serve(t, t.TempDir())
	for _, c := range []struct {
		behaviour provider.Behaviour
		state     string
	}{{"", "paid"}, {provider.Approved, "paid"}, {provider.Declined, "failed"}, {provider.Waiting, "pending"}} {
		t.Run(string(c.behaviour), func(t *testing.T) {
			card := s.card(c.behaviour)
			a := s.post("/payments", "", order("CHF:20", "R", s.authorise(card, 1, "CHF:20", "R")))
			shown := s.get("/payments/" + a.ID)
			if shown.State != c.state || shown.Merchant != "merchant-1" || shown.Card == nil || shown.Card.Last4 != card.Last4 || shown.Card.Brand != card.Brand {
				t.Errorf("shown %+v", shown)
			}
		})
	}
	if _, err := s.provider.AddCard(t.Context(), "generous"); fault.ReasonOf(err) != provider.ReasonTokenUnknown {
		t.Errorf("an unknown behaviour: %v", err)
	}
}

func TestACardThatTimesOutIsPaid(t *testing.T) {
	s := serve(t, t.TempDir())
	token := s.authorise(s.card(provider.Timeout), 1, "CHF:20", "R")
	s.provider.Stop() // so that the late answer is none
	a := s.post("/payments", "", order("CHF:20", "R", token))
	<-s.waits
	if a.State != "paid" {
		t.Errorf("answer %+v", a)
	}
}

func TestAnAuthorisationIsGoodOnce(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	card := s.card(provider.Approved)
	token := s.authorise(card, 5, "CHF:20", "R")
	if a := s.post("/payments", "a", order("CHF:20", "R", token)); a.State != "paid" {
		t.Fatalf("first: %+v", a)
	}
	s.close()
	s = serve(t, dir) // what was used stays used
	if a := s.post("/payments", "b", order("CHF:20", "R", token)); a.State != "failed" || a.Reason != provider.WhyUsed {
		t.Errorf("second: %+v", a)
	}
	if a := s.post("/payments", "c", order("CHF:1", "S", s.authorise(card, 5, "CHF:1", "S"))); a.Reason != provider.WhyUsed {
		t.Errorf("another one with the same counter: %+v", a)
	}
	if a := s.post("/payments", "d", order("CHF:1", "S", s.authorise(card, 4, "CHF:1", "S"))); a.State != "paid" {
		t.Errorf("an unused counter that comes later: %+v", a)
	}
	if a := s.post("/payments", "a", order("CHF:20", "R", token)); a.State != "paid" {
		t.Errorf("the first request again: %+v", a)
	}
}

func TestACardPaysAMerchantOnceForAReference(t *testing.T) {
	s := serve(t, t.TempDir())
	card := s.card(provider.Approved)
	if a := s.post("/payments", "a", order("CHF:20", "R", s.authorise(card, 1, "CHF:20", "R"))); a.State != "paid" {
		t.Fatalf("the first payment is %s: %s", a.State, a.Reason)
	}
	if a := s.post("/payments", "b", order("CHF:20", "R", s.authorise(card, 2, "CHF:20", "R"))); a.State != "failed" || a.Reason != provider.WhyPaid {
		t.Errorf("a second authorisation for the same thing is %s: %s", a.State, a.Reason)
	}
	if a := s.post("/payments", "c", order("CHF:20", "S", s.authorise(card, 3, "CHF:20", "S"))); a.State != "paid" {
		t.Errorf("a payment for another thing is %s: %s", a.State, a.Reason)
	}
}

func TestADeclinedAuthorisationIsUsedUp(t *testing.T) {
	s := serve(t, t.TempDir())
	token := s.authorise(s.card(provider.Declined), 1, "CHF:20", "R")
	s.post("/payments", "a", order("CHF:20", "R", token))
	if a := s.post("/payments", "b", order("CHF:20", "R", token)); a.Reason != provider.WhyUsed {
		t.Errorf("second: %+v", a)
	}
}

func TestAChangedFieldIsRefusedAndCostsNothing(t *testing.T) {
	s := serve(t, t.TempDir())
	card := s.card(provider.Approved)
	stranger := card
	stranger.Account = "card-nobody"
	forged := card
	var err error
	if forged.Key, err = onetime.NewKey(make([]byte, onetime.KeySize)); err != nil {
		t.Fatal(err)
	}
	good := s.authorise(card, 1, "CHF:20", "R")
	for name, c := range map[string]struct{ body, why string }{
		"amount":    {order("CHF:21", "R", good), provider.WhyAmount},
		"currency":  {order("EUR:20", "R", good), provider.WhyAmount},
		"reference": {order("CHF:20", "S", good), provider.WhyReference},
		"merchant": {
			fmt.Sprintf(`{"amount":"CHF:20","reference":"R","merchant":"merchant-2","token":%q}`, good),
			provider.WhyMerchant,
		},
		"unknown card": {order("CHF:20", "R", s.authorise(stranger, 1, "CHF:20", "R")), provider.WhyCard},
		"forged":       {order("CHF:20", "R", s.authorise(forged, 1, "CHF:20", "R")), provider.WhyMAC},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.post("/payments", "", c.body)
			if a.status != 200 || a.State != "failed" || a.Reason != c.why {
				t.Errorf("answer %+v", a)
			}
		})
	}
	if a := s.post("/payments", "", fmt.Sprintf(`{"amount":"CHF:20","reference":"R","merchant":"merchant-1","token":%q}`, good)); a.State != "paid" {
		t.Errorf("after all that, the good request: %+v", a)
	}
}

func TestCardsDiffer(t *testing.T) {
	s := serve(t, t.TempDir())
	a, b := s.card(provider.Approved), s.card(provider.Approved)
	if a.Account == b.Account || string(a.Key.Bytes()) == string(b.Key.Bytes()) {
		t.Error("two cards are one")
	}
	if _, err := a.File(); err != nil {
		t.Error(err)
	}
}
