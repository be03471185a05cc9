package protocol

import "sync"

// Limits of what is put aside for running operations: messages that came before one that
// they follow, which on one connection they hardly ever do. Of one peer as much as is kept
// of what has overtaken its request, see early, and of all a few times that.
const (
	maxAsideOfPeer = 1 << 20
	maxAside       = 16 << 20
	// asideOverhead is what such a message costs besides its body.
	asideOverhead = 64
)

// aside counts it, by key of the peer. The zero value has all its room, and a nil one
// never ends.
type aside struct {
	mu  sync.Mutex
	of  map[string]int
	all int
}

// take takes the room of a message; false: there is none.
func (a *aside) take(peer string, body int) bool {
	if a == nil {
		return true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	bytes := body + asideOverhead
	if a.all+bytes > maxAside || a.of[peer]+bytes > maxAsideOfPeer {
		return false
	}
	if a.of == nil {
		a.of = map[string]int{}
	}
	a.all, a.of[peer] = a.all+bytes, a.of[peer]+bytes
	return true
}

// give gives it back.
func (a *aside) give(peer string, body int) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	bytes := body + asideOverhead
	a.all -= bytes
	if a.of[peer] -= bytes; a.of[peer] == 0 {
		delete(a.of, peer)
	}
}
