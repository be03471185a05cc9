package card

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/instrument/instrumenttest"
	"github.com/swaperoo/swaperoo/protocol"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

var sum = instrumenttest.Sum

// Every state of a payment × everything that can be heard of it.
func TestPaymentStatesAndEvents(t *testing.T) {
	o := order{Token: "approved", Reference: "W1", Amount: sum("CHF:20"), Merchant: "Kiosk", provider: "p"}
	begin := func(p *payment) (payment, error) { return begun(p, o, noon) }
	dearer := func(p *payment) (payment, error) {
		d := o
		d.Amount = sum("CHF:21")
		return begun(p, d, noon)
	}
	hear := func(state string, err error) func(*payment) (payment, error) {
		return func(p *payment) (payment, error) {
			if p == nil {
				p = &payment{}
			}
			to, reason, _ := outcome(protocol.Facts{State: state, Transaction: "t"}, err)
			return settled(*p, to, "t", reason, noon), nil
		}
	}
	events := []struct {
		name string
		do   func(*payment) (payment, error)
		// the state afterwards from nothing, pending, paid, declined; a word
		// beginning with ! is the reason of a refusal
		want [4]string
	}{
		{"begin", begin, [4]string{pending, pending, paid, pending}},
		{"begin for another amount", dearer, [4]string{pending, "!reference-reused", "!reference-reused", "!reference-reused"}},
		{"the provider says paid", hear("paid", nil), [4]string{"", paid, paid, declined}},
		{"the provider says failed", hear("failed", nil), [4]string{"", declined, paid, declined}},
		{"the provider says pending", hear("pending", nil), [4]string{"", pending, paid, declined}},
		{"the provider is down", hear("", fault.New(fault.Unavailable, "x")), [4]string{"", declined, paid, declined}},
		{"the provider refuses", hear("", fault.New(fault.Declined, "x")), [4]string{"", declined, paid, declined}},
		{"no answer", hear("", fault.New(fault.Unknown, "x")), [4]string{"", pending, paid, declined}},
	}
	for _, e := range events {
		for n, from := range []string{"", pending, paid, declined} {
			t.Run(fmt.Sprintf("%s/%s", from, e.name), func(t *testing.T) {
				var old *payment
				if from != "" {
					old = &payment{Reference: "W1", Amount: o.Amount, Provider: "p", State: from, Transaction: "before"}
				}
				got, err := e.do(old)
				is := got.State
				if err != nil {
					is = "!" + string(fault.ReasonOf(err))
				}
				if is != e.want[n] {
					t.Errorf("became %q, want %q", is, e.want[n])
				}
				if from == paid && err == nil && got.Transaction != "before" {
					t.Error("a paid payment changed its transaction")
				}
			})
		}
	}
}

func TestCounterOnlyGoesUp(t *testing.T) {
	var s state
	for n := range maxUnresolved + 3 { // the last is pending, and the first falls off
		s.intend(fmt.Sprint("W", n), "shop", sum("CHF:1"), time.Time{})
	}
	if s.Counter != maxUnresolved+3 || len(s.Unresolved) != maxUnresolved || s.Unresolved[0].Reference != "W2" {
		t.Errorf("the counter is %d, the oldest of %d is %+v", s.Counter, len(s.Unresolved), s.Unresolved[0])
	}
	for range 30 {
		s.keep(receipt{Reference: "W2"}, "shop", "")
	}
	if len(s.Receipts) != maxReceipts || len(s.Unresolved) != maxUnresolved-1 {
		t.Errorf("%d receipts, %d unresolved", len(s.Receipts), len(s.Unresolved))
	}
}

// A wallet out of a backup does not know which counters were used since. It uses none
// of them again, so its first payment is not refused.
func TestACardOutOfABackupUsesNoCounterAgain(t *testing.T) {
	var s state
	s.intend("before", "shop", sum("CHF:1"), noon)
	restored := s
	for n := range 20 {
		s.intend(fmt.Sprint("since", n), "shop", sum("CHF:1"), noon.Add(time.Duration(n)*time.Second))
	}
	restored.intend("after", "shop", sum("CHF:1"), noon.Add(time.Minute))
	if restored.Counter <= s.Counter {
		t.Errorf("the counter is %d, and %d was used", restored.Counter, s.Counter)
	}
	for _, at := range []time.Time{noon, {}} { // a clock that stands or goes back
		last := s.Counter
		if s.intend("again", "shop", sum("CHF:1"), at); s.Counter != last+1 {
			t.Errorf("behind %d comes %d", last, s.Counter)
		}
	}
}

func TestTheKeyOfACardDoesNotPrint(t *testing.T) {
	s := state{Account: "acc", Key: "c2VjcmV0"}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("card", "key", s.Key, "card", fmt.Sprintf("%+v", s))
	slog.New(slog.NewJSONHandler(&log, nil)).Info("card", "key", s.Key)
	x, err := newWallee("id", providerState{URL: "https://wallee.example/", Space: 1, User: 1, Key: s.Key})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s %q %x", s, s, s, s.Key, s.Key, s.Key), fmt.Sprintf("%v %+v %#v %s", x, x, x, x), log.String()} {
		if strings.Contains(text, "c2Vj") || strings.Contains(text, "63325") {
			t.Errorf("printed %s", text)
		}
	}
}

func TestThePaymentThatCounts(t *testing.T) {
	one := func(id, state string) string { return fmt.Sprintf(`{"id":%q,"state":%q}`, id, state) }
	for _, row := range []struct{ name, body, want string }{
		{"none", `{"payments":[]}`, "!transaction-unknown"},
		{"paid after failed", `{"payments":[` + one("a", "failed") + `,` + one("b", "paid") + `]}`, "b"},
		{"failed after paid", `{"payments":[` + one("a", "paid") + `,` + one("b", "failed") + `]}`, "a"},
		{"pending after failed", `{"payments":[` + one("a", "failed") + `,` + one("b", "pending") + `]}`, "b"},
		{"failed twice", `{"payments":[` + one("a", "failed") + `,` + one("b", "failed") + `]}`, "b"},
		{"an unknown word", `{"payments":[` + one("a", "paid") + `,` + one("b", "reversed") + `]}`, "!answer-malformed"},
		{"no list", `{}`, "!answer-malformed"},
		{"null", `null`, "!answer-malformed"},
		{"an amount that is none", `{"payments":[{"id":"a","state":"paid","amount":"CHF:-1"}]}`, "!answer-malformed"},
		{"no id", `{"payments":[{"state":"paid"}]}`, "!answer-malformed"},
		{"a page", `<html>`, "!answer-malformed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			found, err := readPayments([]byte(row.body))
			var f protocol.Facts
			if err == nil {
				f, err = weightiest(found, instrument.Amount{})
			}
			got := f.Transaction
			if err != nil {
				got = "!" + string(fault.ReasonOf(err))
			}
			if got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func FuzzReadPayments(f *testing.F) {
	f.Add([]byte(`{"payments":[{"id":"a","state":"paid","amount":"CHF:1","refunded":"CHF:0","reference":"R"}]}`))
	f.Add([]byte(`{"payments":[null,{}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		found, _ := readPayments(body)
		for _, facts := range found {
			if facts.Transaction == "" || weight(facts.State) == 0 || !json.Valid(facts.Raw) {
				t.Errorf("read %+v", facts)
			}
		}
		if facts, err := readCharge(protocol.Response{Status: 200, Body: body}); err == nil && weight(facts.State) == 0 {
			t.Errorf("read %+v", facts)
		}
	})
}

func FuzzCardState(f *testing.F) {
	f.Add([]byte(`{"account":"a","brand":"b","last4":"1234","key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`))
	f.Add([]byte(`{"account":"a","brand":"b","last4":"1234","key":"++//"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		i := &instrument.Instance{Class: cardID, State: body}
		if checkCard(nil, i) != nil {
			return
		}
		var s state
		if err := i.Decode(&s); err != nil {
			t.Fatal(err)
		}
		s.intend("R", "shop", sum("CHF:1"), time.Time{})
		if _, err := s.authorise(order{Reference: "R", Merchant: "M", Amount: sum("CHF:1"), payer: "P"}); err != nil && s.Counter != 0 {
			t.Errorf("a card that was accepted cannot pay: %v", err)
		}
	})
}

func FuzzAuthorisation(f *testing.F) {
	f.Add([]byte(`{"token":"ota2.AA","brand":"b","last4":"1234"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var m authorisation
		if json.Unmarshal(body, &m) == nil && allows(m, order{Reference: "R", Merchant: "M", Amount: sum("CHF:1")}) == nil {
			if len(m.Brand) > maxBrand || len(m.Last4) > 4 {
				t.Errorf("accepted %+v", m)
			}
		}
	})
}

func FuzzReadTransactions(f *testing.F) {
	f.Add([]byte(`[{"id":7,"state":"FULFILL","merchantReference":"R","currency":"CHF","completedAmount":2.05e1,"linkedSpaceId":405}]`))
	f.Add([]byte(`[{"id":7,"state":"DECLINE"},null]`))
	f.Add([]byte(`{"id":3,"state":"SUCCESSFUL","externalId":"x","amount":1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		found, _ := readTransactions(body, "R")
		for _, facts := range found {
			if facts.Transaction == "" || facts.Space == 0 || facts.Amount.Currency == "" || !json.Valid(facts.Raw) {
				t.Errorf("read %+v", facts)
			}
		}
		if _, got, err := readWalleeRefund(body, 7, "CHF"); err == nil && (got.ID == "" || weight(got.State) == 0) {
			t.Errorf("read %+v", got)
		}
		if got, err := readRefund(body); err == nil && weight(got.State) == 0 {
			t.Errorf("read %+v", got)
		}
	})
}
