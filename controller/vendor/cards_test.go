package vendor_test

import (
	"encoding/json"
	"net/http"
	"strings"
)

// gaveBack has given back all that was charged, and answers again.
func (c *cards) gaveBack() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.late = false
	for reference, p := range c.paid {
		p.Refunded = p.Amount
		c.paid[reference] = p
		c.bank.Put(p)
	}
}

// fails has every payment fail that it has taken.
func (c *cards) fails() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.late = false
	for reference, p := range c.paid {
		p.State = "failed"
		c.paid[reference] = p
		c.bank.Put(p)
	}
}

// refund gives a payment back, whole and once.
func (c *cards) refund(w http.ResponseWriter, r *http.Request) {
	for reference, p := range c.paid {
		if !strings.Contains(r.URL.Path, "/"+p.ID+"/") {
			continue
		}
		if c.stingy {
			http.Error(w, "no", http.StatusConflict)
			return
		}
		var order struct {
			ExternalID string `json:"external_id"`
		}
		_ = json.NewDecoder(r.Body).Decode(&order)
		p.Refunded = p.Amount
		c.paid[reference] = p
		if c.mute {
			http.Error(w, "later", http.StatusBadGateway)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"id": "ref-" + p.ID, "external_id": order.ExternalID, "state": "paid", "amount": p.Amount})
		return
	}
	http.NotFound(w, r)
}

// settle decides about everything that waits.
func (c *cards) settle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queued = false
	for reference, p := range c.paid {
		p.State = "paid"
		c.paid[reference] = p
		c.bank.Put(p)
	}
}

// answers has it get what it is asked from now on.
func (c *cards) answers() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost = false
}

// refunds is how many payments came back.
func (c *cards) refunds() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.paid {
		if !p.Refunded.IsZero() {
			n++
		}
	}
	return n
}

func (c *cards) times() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.charged
}

// is has the provider decide, or not.
func (c *cards) is(undecided bool) {
	c.mu.Lock()
	c.late, c.waiting = undecided, undecided
	c.mu.Unlock()
	if !undecided {
		c.settle()
	}
}
