package controller

import (
	"slices"
	"sync"

	"github.com/swaperoo/swaperoo/instrument"
)

// remembered are the results of negotiations with peers, for later sessions with them: the protocols
// that both have for a class, and the names of the peer's operations. A result holds while the peer
// names the same version at the beginning of a session. Offers are not remembered: they are signed
// for one session. The zero value is ready; nil remembers nothing.
type remembered struct {
	mu      sync.Mutex
	results map[negotiable]agreed
}

// negotiable says what a remembered result is for.
type negotiable struct {
	peer    string // its key
	version string
	class   instrument.ClassID
}

// agreed is a remembered result; what is nil is not known.
type agreed struct {
	protocols  []string
	operations map[string][]string // names at the peer, by protocol
}

// mostRemembered bounds the memory that peers can fill by changing their version.
const mostRemembered = 1024

func (r *remembered) protocols(n negotiable) []string {
	if r == nil || n.version == "" {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.results[n].protocols)
}

func (r *remembered) operations(n negotiable, protocol string) ([]string, bool) {
	if r == nil || n.version == "" {
		return nil, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	names, known := r.results[n].operations[protocol]
	return names, known
}

// learn changes what is known.
func (r *remembered) learn(n negotiable, f func(*agreed)) {
	if r == nil || n.version == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.results == nil || len(r.results) >= mostRemembered {
		r.results = map[negotiable]agreed{}
	}
	known := r.results[n]
	f(&known)
	r.results[n] = known
}

// forget drops a result to which the peer did not keep.
func (r *remembered) forget(n negotiable) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.results, n)
}

// negotiable names the results for a class with the session's peer, as it is now. A
// peer without a key cannot be recognised, so nothing is remembered of it.
func (s *Session) negotiable(class instrument.ClassID) negotiable {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.peer.Key == "" {
		return negotiable{}
	}
	return negotiable{s.peer.Key, s.version, class}
}

// version changes with what this party negotiates with, for peers that remember
// results. It is empty where an application intercepts answers: it may give another
// answer each time.
func (c *Controller) version() string {
	if len(c.interceptors) > 0 {
		return ""
	}
	return c.protocols.Version()
}
