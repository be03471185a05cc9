package banktest

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/swaperoo/swaperoo/instrument"
)

// Payment is what the provider says of one.
type Payment struct {
	ID        string            `json:"id"`
	State     string            `json:"state"` // pending, paid, failed
	Amount    instrument.Amount `json:"amount"`
	Refunded  instrument.Amount `json:"refunded"`
	Reference string            `json:"reference"`
}

// Refund is money that went back.
type Refund struct {
	ID         string            `json:"id"`
	State      string            `json:"state"` // pending, paid, failed
	Payment    string            `json:"payment"`
	ExternalID string            `json:"external_id"`
	Amount     instrument.Amount `json:"amount"`
}

// Provider is a card provider from memory, as far as a bank asks one: payments,
// searches for a reference and refunds. It is safe for concurrent use.
type Provider struct {
	// Unknown, if set before the first request, makes up payments that were not
	// put; false is 404.
	Unknown func(id string) (Payment, bool)
	// Meddle, if set before the first request, stands before who answers honestly.
	Meddle func(w http.ResponseWriter, r *http.Request, honest http.HandlerFunc)

	mu     sync.Mutex
	paid   map[string]Payment
	asked  map[string]int
	broken map[string]int           // status to answer instead
	held   map[string]chan struct{} // closed when the answer may go
	bell   chan struct{}            // closed and made anew whenever somebody has asked
	given  []Refund
	state  string // of new refunds
}

// NewProvider makes a provider that knows of no payment.
func NewProvider() *Provider {
	return &Provider{
		paid: map[string]Payment{}, asked: map[string]int{}, broken: map[string]int{},
		held: map[string]chan struct{}{}, bell: make(chan struct{}), state: "paid",
	}
}

// Put makes a payment, or another one of it.
func (p *Provider) Put(x Payment) { p.PutAs(x.ID, x) }

// PutAs answers questions about one payment with another.
func (p *Provider) PutAs(id string, x Payment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if x.Refunded.Currency == "" {
		x.Refunded = instrument.ZeroOf(x.Amount.Currency)
	}
	p.paid[id] = x
}

// Forget makes a payment unknown.
func (p *Provider) Forget(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.paid, id)
}

// Break answers questions about a payment with an HTTP status; 0 ends that.
func (p *Provider) Break(id string, status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken[id] = status
}

// Hold keeps answers about a payment back until release is called.
func (p *Provider) Hold(id string) (release func()) {
	held := make(chan struct{})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held[id] = held
	return sync.OnceFunc(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.held, id)
		close(held)
	})
}

// Asked is how often a payment was asked about.
func (p *Provider) Asked(id string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[id]
}

// WaitAsked waits until a payment was asked about so often.
func (p *Provider) WaitAsked(ctx context.Context, id string, times int) error {
	for {
		p.mu.Lock()
		enough, bell := p.asked[id] >= times, p.bell
		p.mu.Unlock()
		if enough {
			return nil
		}
		select {
		case <-bell:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ServeHTTP implements http.Handler.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.Meddle == nil {
		p.honest(w, r)
		return
	}
	p.Meddle(w, r, p.honest)
}

func (p *Provider) honest(w http.ResponseWriter, r *http.Request) {
	id, isPayment := strings.CutPrefix(r.URL.Path, "/payments/")
	of, isRefund := strings.CutSuffix(id, "/refunds")
	switch {
	case r.URL.Path == "/payments" && r.Method == http.MethodGet:
		p.find(w, r.URL.Query().Get("reference"))
	case isPayment && isRefund && r.Method == http.MethodPost:
		p.refund(w, r, of)
	case isPayment && !isRefund && r.Method == http.MethodGet:
		p.show(w, r, id)
	default:
		say(w, http.StatusNotFound, "endpoint-unknown")
	}
}

func (p *Provider) show(w http.ResponseWriter, r *http.Request, id string) {
	x, known, status, held := p.look(id)
	if held != nil {
		select {
		case <-held:
		case <-r.Context().Done():
			return
		}
	}
	switch {
	case status != 0:
		say(w, status, "broken")
	case !known:
		say(w, http.StatusNotFound, "payment-unknown")
	default:
		tell(w, x)
	}
}

func tell(w http.ResponseWriter, document any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(document) // who hangs up asks again
}

func (p *Provider) look(id string) (x Payment, known bool, status int, held chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ring(id)
	x, known = p.paid[id]
	if !known && p.Unknown != nil {
		x, known = p.Unknown(id)
	}
	return p.now(x), known, p.broken[id], p.held[id]
}

// now is a payment with what was given back of it.
func (p *Provider) now(x Payment) Payment {
	for _, g := range p.given {
		if g.Payment != x.ID || g.State == "failed" { // most are of others
			continue
		}
		if sum, err := x.Refunded.Add(g.Amount); err == nil {
			x.Refunded = sum
		}
	}
	return x
}

func say(w http.ResponseWriter, status int, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`{"error":{"kind":"not-found","reason":"` + reason + `","message":"no"}}`))
}

// find answers a search. Asked counts it under the reference.
func (p *Provider) find(w http.ResponseWriter, reference string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ring(reference)
	found := []Payment{}
	for id, x := range p.paid {
		if x.Reference == reference && x.ID == id {
			found = append(found, p.now(x))
		}
	}
	tell(w, map[string][]Payment{"payments": found})
}

// refund gives back as a provider does: once for each external id, of what is
// paid, and no more than that.
func (p *Provider) refund(w http.ResponseWriter, r *http.Request, of string) {
	var in struct {
		Amount     instrument.Amount `json:"amount"`
		ExternalID string            `json:"external_id"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		say(w, http.StatusBadRequest, "malformed")
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ring(in.ExternalID)
	for _, g := range p.given {
		if g.ExternalID == in.ExternalID {
			tell(w, g)
			return
		}
	}
	x, known := p.paid[of]
	if !known {
		say(w, http.StatusNotFound, "payment-unknown")
		return
	}
	left, err := x.Amount.Sub(p.now(x).Refunded)
	if err == nil {
		_, err = left.Sub(in.Amount)
	}
	if err != nil || x.State != "paid" {
		say(w, http.StatusConflict, "refund-too-large")
		return
	}
	g := Refund{"ref-" + strconv.Itoa(len(p.given)+1), p.state, of, in.ExternalID, in.Amount}
	p.given = append(p.given, g)
	tell(w, g)
}

// ring says that somebody has asked for something.
func (p *Provider) ring(about string) {
	p.asked[about]++
	close(p.bell)
	p.bell = make(chan struct{})
}

// Given are the refunds, in their order.
func (p *Provider) Given() []Refund {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.given)
}

// Refunds sets the state of new refunds and of those that are pending.
func (p *Provider) Refunds(state string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state = state
	for n := range p.given {
		if p.given[n].State == "pending" {
			p.given[n].State = state
		}
	}
}
