package protocol

import "sync"

// Limits, in bytes, of the messages that arrive out of order for running operations and wait for
// an earlier one. On one connection that hardly ever happens. One peer may have as much there as
// in early, and all together a few times that.
const (
	maxAsideOfPeer = 1 << 20
	maxAside       = 16 << 20
	// asideOverhead is what such a message costs besides its body.
	asideOverhead = 64
)

// share is a budget of bytes: most for all peers, each for one of them. A nil share is
// unlimited. It is safe for concurrent use.
type share struct {
	each, most int

	mu  sync.Mutex
	of  map[string]int
	all int
}

// take takes room for a peer; false: there is none.
func (s *share) take(peer string, bytes int) bool {
	if s == nil || bytes == 0 {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all+bytes > s.most || s.of[peer]+bytes > s.each {
		return false
	}
	if s.of == nil {
		s.of = map[string]int{}
	}
	s.all, s.of[peer] = s.all+bytes, s.of[peer]+bytes
	return true
}

// give gives room back.
func (s *share) give(peer string, bytes int) {
	if s == nil || bytes == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all -= bytes
	if s.of[peer] -= bytes; s.of[peer] == 0 {
		delete(s.of, peer)
	}
}
