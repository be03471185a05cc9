package card_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// refund is what the provider does with one: each external id once, and all
// together no more than was paid.
func (b *books) refund(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuses != nil && b.refuses(w) {
		return
	}
	var in struct {
		Amount     instrument.Amount
		ExternalID string `json:"external_id"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	for _, p := range b.payments {
		if p.ID != r.PathValue("id") {
			continue
		}
		if _, again := b.refunds[in.ExternalID]; !again {
			sum, err := p.Refunded.Add(in.Amount)
			if c, differs := sum.Cmp(p.Amount); err != nil || differs != nil || c > 0 || p.State != "paid" {
				w.WriteHeader(http.StatusConflict)
				return
			}
			if b.refunds == nil {
				b.refunds = map[string]instrument.Amount{}
			}
			p.Refunded, b.refunds[in.ExternalID] = sum, in.Amount
		}
		if b.forgets != nil && b.forgets(w) {
			return
		}
		answer(w, map[string]any{"id": "ref-" + in.ExternalID, "state": "paid", "amount": in.Amount})
		return
	}
	http.NotFound(w, r)
}

// answers lets the provider answer refunds otherwise; nil for the truth.
func (b *books) answers(before, after func(http.ResponseWriter) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refuses, b.forgets = before, after
}

func status(code int) func(http.ResponseWriter) bool {
	return func(w http.ResponseWriter) bool { w.WriteHeader(code); return true }
}

// returned is how much of the only payment the provider has given back.
func (b *books) returned() instrument.Amount {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.payments[0].Refunded
}

// paidShop is a shop that was paid CHF 20 by the wallet's card.
func paidShop(t *testing.T) (s *shop, paid instrument.ID) {
	s = openShop(t)
	if _, err := s.pay("W1", "CHF:20"); err != nil {
		t.Fatal(err)
	}
	paid, err := s.Servicer.Instruments.Find(t.Context(), "card-payment", "reference", "W1")
	if err != nil {
		t.Fatal(err)
	}
	s.Prepare(func(r protocol.Execution) protocol.Execution {
		r.Call.Instruments = []instrument.ID{s.provider, paid}
		return r
	})
	return s, paid
}

func (s *shop) refund(op instrument.OperationID, amount string) (protocol.Result, error) {
	args := map[string]string{"payment": "the payment"}
	if amount != "" {
		args["amount"] = amount
	}
	text, _ := json.Marshal(args)
	return s.ExecuteAs(s.t.Context(), op, "card.pay", protocol.Call{
		Operation: protocol.Refund, Class: "payment-card", Instruments: []instrument.ID{s.card}, Args: text,
	})
}

func (s *shop) statusOf(id instrument.ID) string {
	s.t.Helper()
	i, err := s.Servicer.Instruments.View(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return i.Status
}

const once = instrument.OperationID("000000000000000000000000000000aa")

func TestACardGetsBackWhatItPaid(t *testing.T) {
	s, paid := paidShop(t)
	for _, op := range []instrument.OperationID{once, once, ""} { // again, and as another operation
		got, err := s.refund(op, "")
		if err != nil || got.Amount != amount("CHF:20") {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if s.books.returned() != amount("CHF:20") || len(s.books.refunds) != 1 || s.statusOf(paid) != "refunded" {
		t.Errorf("%s in %d refunds; the payment is %s", s.books.returned(), len(s.books.refunds), s.statusOf(paid))
	}
	_, err := s.pay("W1", "CHF:20")
	if err == nil || s.books.paid("W1") != 1 {
		t.Errorf("a reference that was refunded was charged again: %v", err)
	}
}

func TestPartsOfACardPaymentComeBack(t *testing.T) {
	s, paid := paidShop(t)
	for n, row := range []struct {
		amount, status, sum string
		reason              fault.Reason
	}{
		{"CHF:5", "paid", "CHF:5", ""},
		{"CHF:15.01", "paid", "CHF:5", "refund-too-large"},
		{"EUR:1", "paid", "CHF:5", "refund-too-large"},
		{"", "refunded", "CHF:20", ""},
		{"CHF:0.01", "refunded", "CHF:20", "refund-too-large"},
	} {
		_, err := s.refund("", row.amount)
		if fault.ReasonOf(err) != row.reason || (err == nil) != (row.reason == "") || s.statusOf(paid) != row.status || s.books.returned() != amount(row.sum) {
			t.Errorf("%d: %v; the payment is %s, %s came back", n, err, s.statusOf(paid), s.books.returned())
		}
	}
}

// What the provider says, or does not say, of a refund: what the payment is then,
// and after asking again when the provider is well.
func TestWhatBecomesOfARefund(t *testing.T) {
	for _, row := range []struct {
		name          string
		before, after func(http.ResponseWriter) bool
		status        string
		kind          fault.Kind
	}{
		{"refused", status(http.StatusConflict), nil, "paid", fault.Declined},
		{"not heard of the outcome, and nothing was made", status(http.StatusBadGateway), nil, "refunding", fault.Unknown},
		{"not heard of the outcome, and it was made", nil, status(http.StatusBadGateway), "refunding", fault.Unknown},
		{"hung up after it was made", nil, func(http.ResponseWriter) bool { panic(http.ErrAbortHandler) }, "refunding", fault.Unknown},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, paid := paidShop(t)
			s.books.answers(row.before, row.after)
			if _, err := s.refund("", ""); fault.KindOf(err) != row.kind || s.statusOf(paid) != row.status {
				t.Fatalf("%v; the payment is %s", err, s.statusOf(paid))
			}
			s.books.answers(nil, nil)
			if got, err := s.refund("", ""); err != nil || got.Amount != amount("CHF:20") {
				t.Fatalf("again: %+v, %v", got, err)
			}
			if s.books.returned() != amount("CHF:20") || len(s.books.refunds) != 1 {
				t.Errorf("%s in %d refunds", s.books.returned(), len(s.books.refunds))
			}
		})
	}
}

// The vendor's own REFUND needs no wallet.
func TestAVendorGivesBackByItself(t *testing.T) {
	s, paid := paidShop(t)
	got, err := s.Servicer.Protocols.Execute(t.Context(), protocol.Execution{Protocol: "card.pay", Call: protocol.Call{
		Operation: protocol.Refund, Class: "card-payment", Instruments: []instrument.ID{s.provider, paid}, Args: json.RawMessage(`{"payment":"the payment"}`),
	}})
	if err != nil || got.Amount != amount("CHF:20") || s.statusOf(paid) != "refunded" {
		t.Errorf("%+v, %v", got, err)
	}
}
