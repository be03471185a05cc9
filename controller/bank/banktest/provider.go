package banktest

import (
	"context"
	"encoding/json"
	"net/http"
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

// Provider is a card provider's GET /payments/ID, from memory: what the bank asks
// when it verifies. It is safe for concurrent use.
type Provider struct {
	// Unknown, if set before the first request, makes up payments that were not
	// put; false is 404.
	Unknown func(id string) (Payment, bool)

	mu     sync.Mutex
	paid   map[string]Payment
	asked  map[string]int
	broken map[string]int           // status to answer instead
	held   map[string]chan struct{} // closed when the answer may go
	bell   chan struct{}            // closed and made anew whenever somebody has asked
}

// NewProvider makes a provider that knows of no payment.
func NewProvider() *Provider {
	return &Provider{
		paid: map[string]Payment{}, asked: map[string]int{}, broken: map[string]int{},
		held: map[string]chan struct{}{}, bell: make(chan struct{}),
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
	id, isPayment := strings.CutPrefix(r.URL.Path, "/payments/")
	if !isPayment || r.Method != http.MethodGet {
		say(w, http.StatusNotFound, "endpoint-unknown")
		return
	}
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
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(x) // who hangs up asks again
	}
}

func (p *Provider) look(id string) (x Payment, known bool, status int, held chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked[id]++
	close(p.bell)
	p.bell = make(chan struct{})
	x, known = p.paid[id]
	if !known && p.Unknown != nil {
		x, known = p.Unknown(id)
	}
	return x, known, p.broken[id], p.held[id]
}

func say(w http.ResponseWriter, status int, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`{"error":{"kind":"not-found","reason":"` + reason + `","message":"no"}}`))
}
