package card_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/card/onetime"
)

// books is a card provider in memory: it takes plastic words and one-time
// authorisations, honours idempotency keys, and misbehaves on request.
type books struct {
	*httptest.Server
	key onetime.Key

	mu       sync.Mutex
	payments []*payment
	byKey    map[string]*payment
	used     map[uint64]bool
	charges  int // requests to charge
	hide     bool
	answer   func(w http.ResponseWriter, made *payment) bool // true: it has answered instead
	between  func()                                          // is done once between the looking for payments and the telling

	refunds map[string]instrument.Amount     // by external id
	refuses func(w http.ResponseWriter) bool // true: it has answered a refund instead, before it was made
	forgets func(w http.ResponseWriter) bool // the same, after it was made
}

type payment struct {
	ID        string            `json:"id"`
	State     string            `json:"state"`
	Amount    instrument.Amount `json:"amount"`
	Refunded  instrument.Amount `json:"refunded"`
	Reference string            `json:"reference"`
}

func openBooks(t testing.TB) *books {
	raw := make([]byte, onetime.KeySize)
	_, _ = rand.Read(raw)
	key, err := onetime.NewKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	b := &books{key: key, byKey: map[string]*payment{}, used: map[uint64]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /payments", b.charge)
	mux.HandleFunc("GET /payments", b.list)
	mux.HandleFunc("GET /payments/{id}", b.show)
	mux.HandleFunc("POST /payments/{id}/refunds", b.refund)
	b.Server = httptest.NewServer(mux)
	t.Cleanup(b.Close)
	return b
}

func (b *books) charge(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.charges++
	var in struct {
		Amount                     instrument.Amount
		Reference, Token, Merchant string
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	made, known := b.byKey[r.Header.Get("Idempotency-Key")]
	if !known {
		made = &payment{ID: fmt.Sprintf("pay-%d", len(b.payments)+1), Amount: in.Amount, Refunded: instrument.ZeroOf(in.Amount.Currency), Reference: in.Reference}
		made.State = b.decide(in.Token, in.Merchant, made)
		b.payments = append(b.payments, made)
		b.byKey[r.Header.Get("Idempotency-Key")] = made
	}
	if b.answer != nil && b.answer(w, made) {
		return
	}
	answer(w, map[string]any{"id": made.ID, "state": made.State, "refunded": made.Refunded})
}

func (b *books) decide(token, merchant string, p *payment) string {
	switch token {
	case "approved":
		return "paid"
	case "pending":
		return "pending"
	}
	a, err := onetime.ParseToken(token)
	if err != nil || !a.Verify(b.key) || b.used[a.Counter] || a.Amount != p.Amount || a.Reference != p.Reference || a.Merchant != merchant {
		return "failed"
	}
	b.used[a.Counter] = true
	return "paid"
}

func (b *books) list(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	found := []payment{}
	for _, p := range b.payments {
		if p.Reference == r.URL.Query().Get("reference") && !b.hide {
			found = append(found, *p)
		}
	}
	meanwhile := b.between
	b.between = nil
	b.mu.Unlock()
	if meanwhile != nil {
		meanwhile()
	}
	answer(w, map[string][]payment{"payments": found})
}

func (b *books) show(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.payments {
		if p.ID == r.PathValue("id") {
			answer(w, p)
			return
		}
	}
	http.NotFound(w, r)
}

func answer(w http.ResponseWriter, document any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(document)
}

// misbehave installs what the next charges are answered with; nil for the truth.
func (b *books) misbehave(f func(w http.ResponseWriter, made *payment) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = f
}

// silent takes the money and closes the connection without a word.
func silent(http.ResponseWriter, *payment) bool { panic(http.ErrAbortHandler) }

// says answers with a status and a body of its own.
func says(status int, body string) func(http.ResponseWriter, *payment) bool {
	return func(w http.ResponseWriter, _ *payment) bool {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
		return true
	}
}

// charged counts the requests to charge. The handler whose connection was cut may still run beside
// the test: what the test asks of the books it asks under their lock.
func (b *books) charged() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.charges
}

// hides lets the provider find no payment, as if none had come.
func (b *books) hides(all bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hide = all
}

// paid counts what was charged for a reference.
func (b *books) paid(reference string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, p := range b.payments {
		if p.Reference == reference && p.State == "paid" {
			n++
		}
	}
	return n
}

func (b *books) settle(reference, state string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.payments {
		if p.Reference == reference {
			p.State = state
		}
	}
}
