package exchange

import (
	"sync"

	crypto "github.com/swaperoo/swaperoo/crypto/taler"
)

// hub wakes requests that wait for a reserve. After a wake-up the books have to be read: it is a hint.
type hub struct {
	mu      sync.Mutex
	waiters map[crypto.EddsaPublicKey]map[chan struct{}]struct{}
}

// join gives a channel that is closed when the reserve is filled. leave is called
// once, woken or not.
func (h *hub) join(pub crypto.EddsaPublicKey) (filled <-chan struct{}, leave func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.waiters == nil {
		h.waiters = map[crypto.EddsaPublicKey]map[chan struct{}]struct{}{}
	}
	if h.waiters[pub] == nil {
		h.waiters[pub] = map[chan struct{}]struct{}{}
	}
	c := make(chan struct{})
	h.waiters[pub][c] = struct{}{}
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.waiters[pub], c)
		if len(h.waiters[pub]) == 0 {
			delete(h.waiters, pub)
		}
	}
}

func (h *hub) wake(pub crypto.EddsaPublicKey) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.waiters[pub] {
		close(c)
	}
	delete(h.waiters, pub)
}
