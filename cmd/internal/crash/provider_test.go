//go:build unix

package crash_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// provider takes payments and honours idempotency keys. It is never killed: what
// it has been asked for stays true, whatever the parties know of it.
type provider struct {
	url string
	// forgets is the control that takes the keys away: each request has a fresh one.
	forgets bool

	mu       sync.Mutex
	byKey    map[string]int
	payments []paid
	differs  []string // keys that came again with another order
}

// paid is a payment that was made.
type paid struct {
	order
	ID   string
	body []byte
}

func newProvider(t testing.TB) *provider {
	p := &provider{byKey: map[string]int{}}
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	p.url = s.URL + "/"
	return p
}

// ServeHTTP makes a payment, or answers as before to a key that is known.
func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	made := paid{body: body}
	if err == nil {
		err = json.Unmarshal(body, &made.order)
	}
	key := r.Header.Get("Idempotency-Key")
	if err != nil || key == "" {
		http.Error(w, "no order, or no key", http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.forgets {
		key = fmt.Sprint(len(p.payments))
	}
	n, again := p.byKey[key]
	if !again {
		n = len(p.payments)
		made.ID = fmt.Sprintf("payment-%d", n)
		p.byKey[key], p.payments = n, append(p.payments, made)
	} else if !bytes.Equal(p.payments[n].body, body) {
		p.differs = append(p.differs, key)
	}
	_, _ = io.WriteString(w, p.payments[n].ID)
}

// since lists the payments from the n-th on, and what has come twice with other
// content.
func (p *provider) since(n int) ([]paid, []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]paid(nil), p.payments[n:]...), append([]string(nil), p.differs...)
}
