package banktest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/swaperoo/swaperoo/instrument"
)

// Cards are the provider as a terminal sees it: it charges, shows and gives back. The bank asks another
// door, the Provider, which is told of each payment. A card whose token is "declined" is.
type Cards struct {
	bank *Provider

	mu        sync.Mutex
	mood      Mood
	charged   int
	paid      map[string]Payment // by reference
	meanwhile func()
	then      func()
}

// Mood is how Cards answer; its zero value is honestly and at once.
type Mood struct {
	Late    bool // charges, and then does not answer
	Waiting bool // has not decided about what it charges
	Refuses bool // declines every card
	Lost    bool // does not get what it is asked
	Queued  bool // does not show what it has charged
	Stingy  bool // gives nothing back
	Mute    bool // gives back, and then does not answer
}

// NewCards are cards that nobody has paid with yet.
func NewCards(bank *Provider) *Cards { return &Cards{bank: bank, paid: map[string]Payment{}} }

// Be changes how it answers from now on.
func (c *Cards) Be(change func(m *Mood)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.mood)
}

// Meanwhile has something done before each card is charged, or a payment is given back.
func (c *Cards) Meanwhile(does func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.meanwhile = does
}

// Then has something done when a card was charged, before anybody is told.
func (c *Cards) Then(does func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.then = does
}

// ServeHTTP implements http.Handler.
func (c *Cards) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	meanwhile := c.meanwhile
	c.mu.Unlock()
	if meanwhile != nil && r.Method == http.MethodPost {
		meanwhile()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case r.Method == http.MethodGet:
		list := []Payment{}
		if p, ok := c.paid[r.URL.Query().Get("reference")]; ok && !c.mood.Queued {
			list = append(list, p)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"payments": list})
	case strings.HasSuffix(r.URL.Path, "/refunds"):
		c.refund(w, r)
	default:
		c.charge(w, r)
	}
}

func (c *Cards) charge(w http.ResponseWriter, r *http.Request) {
	var o struct {
		Amount           instrument.Amount
		Reference, Token string
	}
	_ = json.NewDecoder(r.Body).Decode(&o)
	if c.mood.Lost {
		http.Error(w, "later", http.StatusBadGateway)
		return
	}
	c.charged++
	p := Payment{ID: fmt.Sprintf("pay-%d", c.charged), State: "paid", Amount: o.Amount, Refunded: instrument.ZeroOf(o.Amount.Currency), Reference: o.Reference}
	if o.Token == "declined" || c.mood.Refuses {
		p.State = "failed"
	}
	if c.mood.Waiting {
		p.State = "pending"
	}
	c.becomes(p)
	if c.then != nil {
		c.then()
	}
	if c.mood.Late {
		http.Error(w, "later", http.StatusBadGateway)
		return
	}
	_ = json.NewEncoder(w).Encode(p)
}

// refund gives a payment back, whole and once.
func (c *Cards) refund(w http.ResponseWriter, r *http.Request) {
	for reference, p := range c.paid {
		if !strings.Contains(r.URL.Path, "/"+p.ID+"/") {
			continue
		}
		if c.mood.Stingy {
			http.Error(w, "no", http.StatusConflict)
			return
		}
		var order struct {
			ExternalID string `json:"external_id"`
		}
		_ = json.NewDecoder(r.Body).Decode(&order)
		p.Refunded = p.Amount
		c.paid[reference] = p
		if c.mood.Mute {
			http.Error(w, "later", http.StatusBadGateway)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"id": "ref-" + p.ID, "external_id": order.ExternalID, "state": "paid", "amount": p.Amount})
		return
	}
	http.NotFound(w, r)
}

func (c *Cards) becomes(p Payment) {
	c.paid[p.Reference] = p
	c.bank.Put(p)
}

// GaveBack has given back all that was charged, and answers again.
func (c *Cards) GaveBack() { c.all(func(p *Payment) { p.Refunded = p.Amount }) }

// Fails has every payment fail that it has taken, and answers again.
func (c *Cards) Fails() { c.all(func(p *Payment) { p.State = "failed" }) }

func (c *Cards) all(change func(p *Payment)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mood.Late = false
	for _, p := range c.paid {
		change(&p)
		c.becomes(p)
	}
}

// Settle decides about everything that waits.
func (c *Cards) Settle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mood.Queued = false
	for _, p := range c.paid {
		p.State = "paid"
		c.becomes(p)
	}
}

// Decides has it decide from now on, also about what waits, or not.
func (c *Cards) Decides(does bool) {
	c.Be(func(m *Mood) { m.Late, m.Waiting = !does, !does })
	if does {
		c.Settle()
	}
}

// Times is how often a card was to be charged.
func (c *Cards) Times() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.charged
}

// Refunds is how many payments came back.
func (c *Cards) Refunds() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.paid {
		if !p.Refunded.IsZero() {
			n++
		}
	}
	return n
}
