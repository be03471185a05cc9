package till_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
)

// cards is a provider that charges: what a terminal asks. The bank asks another
// door of it.
type cards struct {
	bank *banktest.Provider

	mu   sync.Mutex
	paid map[string]banktest.Payment // by reference
	away bool                        // takes what it is asked, and then does not answer

	charged func() // told when a card is; nil: nobody is
}

func (c *cards) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.Method == http.MethodGet {
		list := []banktest.Payment{}
		if p, ok := c.paid[r.URL.Query().Get("reference")]; ok && !c.away {
			list = append(list, p)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"payments": list})
		return
	}
	var o struct {
		Amount           instrument.Amount
		Reference, Token string
	}
	_ = json.NewDecoder(r.Body).Decode(&o)
	p := banktest.Payment{ID: fmt.Sprintf("pay-%d", len(c.paid)+1), State: "paid", Amount: o.Amount, Refunded: instrument.ZeroOf(o.Amount.Currency), Reference: o.Reference}
	if o.Token == "declined" {
		p.State = "failed"
	}
	c.paid[o.Reference] = p
	c.bank.Put(p)
	if c.charged != nil {
		c.charged()
	}
	if c.away {
		http.Error(w, "later", http.StatusBadGateway)
		return
	}
	_ = json.NewEncoder(w).Encode(p)
}

// then has something done when a card is charged.
func (c *cards) then(does func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.charged = does
}

func (c *cards) stays(away bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = away
}

func (c *cards) times() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.paid)
}
