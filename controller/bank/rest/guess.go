package rest

import (
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// How many wrong credentials one address may show, in which time, and how many
// addresses are remembered.
const (
	guessesAllowed = 100
	guessesWithin  = time.Minute
	guessersKept   = 16384
)

// guesses counts wrong credentials by the address that they come from, and by
// nothing else: a lock on logins would let anybody switch a till off.
type guesses struct {
	clock func() time.Time
	mu    sync.Mutex
	by    map[string]window
}

type window struct {
	ends  time.Time
	count int
}

// limited is a refusal with a Retry-After of so many seconds.
type limited struct {
	error
	seconds int
}

func (l *limited) Unwrap() error { return l.error }

func newGuesses(clock func() time.Time) *guesses {
	return &guesses{clock: clock, by: map[string]window{}}
}

// wrong counts one more failure of an address. If it has had too many, the error is a limited
// (429), which says when to try again.
func (g *guesses) wrong(address string) error {
	now := g.clock()
	g.mu.Lock()
	defer g.mu.Unlock()
	who := network(address)
	w, known := g.by[who]
	if !known || !now.Before(w.ends) {
		g.makeRoom(now)
		w = window{ends: now.Add(guessesWithin)}
	}
	w.count++
	g.by[who] = w
	if w.count <= guessesAllowed {
		return nil
	}
	f := fault.New(fault.Unavailable, "too many wrong credentials came from this address").Because(taler.ReasonTooManyFailures)
	return &limited{f, int(w.ends.Sub(now)/time.Second) + 1}
}

// makeRoom forgets windows that are over. If that is not enough, the guesser has
// more addresses than it makes sense to count, and all are forgotten.
func (g *guesses) makeRoom(now time.Time) {
	if len(g.by) < guessersKept {
		return
	}
	for who, w := range g.by {
		if !now.Before(w.ends) {
			delete(g.by, who)
		}
	}
	if len(g.by) >= guessersKept {
		clear(g.by)
	}
}

// network is what an address is counted as: itself, or with IPv6 the network of its customer.
func network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	return comm.Network(a).String()
}

func loopback(r *http.Request) bool {
	a, err := netip.ParseAddr(host(r))
	return err == nil && a.Unmap().IsLoopback()
}
