package card_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// as has the vendor know the wallet by a key.
func (s *shop) as(key string) {
	s.payer = key
	s.Prepare(func(r protocol.Execution) protocol.Execution {
		r.Call.Instruments, r.Peer.Key = []instrument.ID{s.provider}, key
		return r
	})
}

// What was charged is one payer's: whoever else names the reference is refused,
// whatever authorisation they show, and so is another operation of the same payer
// where the offer is for one.
func TestWhatWasChargedAnswersNobodyElse(t *testing.T) {
	for _, row := range []struct {
		name   string
		once   bool
		payer  string
		left   string // how the first attempt ended
		reason fault.Reason
	}{
		{"the same payer", false, "amy", "paid", ""},
		{"the same payer, for one operation", true, "amy", "paid", "reference-reused"},
		{"another payer", false, "bob", "paid", "reference-reused"},
		{"another payer, of an unknown outcome", false, "bob", "pending", "reference-reused"},
		{"the same payer, of an unknown outcome", true, "amy", "pending", ""},
		{"another payer, after a refusal", true, "bob", "declined", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := openShop(t)
			pay := func() error {
				call := s.payment("W1", "CHF:20")
				if row.once {
					call.Offer.Invoice["charge"] = "once"
				}
				_, err := s.Execute(t.Context(), "card.pay", call)
				return err
			}
			s.as("amy")
			switch row.left {
			case "pending":
				s.books.misbehave(silent)
			case "declined":
				s.books.misbehave(says(200, `{"id":"x","state":"failed"}`))
			}
			_ = pay()
			if s.booked("W1").State != row.left {
				t.Fatalf("it is %s", s.booked("W1").State)
			}
			s.books.misbehave(nil)
			if row.left == "declined" {
				s.card = s.Initiator.Create(t, cardOf(s.books, "acc-2"))[0]
				s.books.used[1] = false
			}
			s.as(row.payer)
			if err := pay(); fault.ReasonOf(err) != row.reason || (err == nil) != (row.reason == "") {
				t.Errorf("error = %v", err)
			}
			if n := s.books.paid("W1"); n != 1 && row.left != "declined" { // these books know no refusal
				t.Errorf("charged %d times", n)
			}
			if row.left == "pending" && row.reason == "" && row.once { // it has been answered by now
				wantFault(t, pay(), fault.Conflict, "reference-reused")
			}
		})
	}
}
