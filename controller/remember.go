package controller

import (
	"slices"
	"sync"

	"github.com/swaperoo/swaperoo/instrument"
)

// remembered are the results of negotiations with peers, for their next sessions:
// what both have in common for a class, and what the peer's protocols do with it.
// What a peer negotiates with has a version, which it says when a session begins;
// under another one nothing is known. Offers and terms are signed for one session
// and are asked for in each. The zero value is ready; nil remembers nothing.
type remembered struct {
	mu      sync.Mutex
	results map[negotiable]agreed
}

// negotiable is what a result holds for.
type negotiable struct {
	peer    string // its key
	version string
	class   instrument.ClassID
}

// agreed is what is known of it; nil is not known.
type agreed struct {
	protocols  []string
	operations map[string][]string // names at the peer, by protocol
}

// mostRemembered bounds what peers that change their version can fill.
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

// forget drops what is known of a peer that did not keep to it.
func (r *remembered) forget(n negotiable) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.results, n)
}

// negotiable is what the session's peer, as it is now, and a class negotiate with. A
// peer without a key is nobody whom one can know again.
func (s *Session) negotiable(class instrument.ClassID) negotiable {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.peer.Key == "" {
		return negotiable{}
	}
	return negotiable{s.peer.Key, s.version, class}
}

// version is that of what this party negotiates with, for peers that remember
// results. An application that intercepts answers may give another one each time.
func (c *Controller) version() string {
	if len(c.interceptors) > 0 {
		return ""
	}
	return c.protocols.Version()
}
