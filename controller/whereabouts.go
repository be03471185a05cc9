package controller

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// whereabouts are the addresses at which this process has met peers, by their keys.
type whereabouts struct {
	mu  sync.Mutex
	met map[string][]string
}

// meets remembers where a peer has proved its key.
func (w *whereabouts) meets(p comm.Peer) {
	if p.Key == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.met == nil {
		w.met = map[string][]string{}
	}
	w.met[p.Key] = slices.Clone(p.Addresses)
}

func (w *whereabouts) of(key string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.met[key]
}

// whereabouts is a peer with all addresses at which it may be by now: where it was met last, those
// that the book has for its key, then its own. Of the book, what has its name or one of its own
// addresses comes first: the others are further ways to it, at which nobody may answer. Whoever
// answers must prove the key, so a wrong address does no harm.
func (c *Controller) whereabouts(ctx context.Context, p comm.Peer) comm.Peer {
	if p.Key == "" {
		return p
	}
	all := slices.Clone(c.met.of(p.Key))
	known, err := c.Book().Peers(ctx)
	if err != nil {
		c.parts.Log.Warn("the book of peers cannot be read", "error", err)
	}
	own := p.Addresses
	is := func(a string) bool { return slices.Contains(own, a) }
	var further []string
	for _, k := range known {
		switch {
		case k.Key != p.Key:
		case k.Name == p.Name || slices.ContainsFunc(k.Addresses, is):
			all = append(all, k.Addresses...)
		default:
			further = append(further, k.Addresses...)
		}
	}
	p.Addresses = nil
	for _, a := range slices.Concat(all, further, own) {
		if !slices.Contains(p.Addresses, a) {
			p.Addresses = append(p.Addresses, a)
		}
	}
	return p
}

// dial connects to the peer. A session for operations that were begun before tries all addresses of
// its peer: an old one may be somebody else's by now.
func (s *Session) dial(ctx context.Context, ears comm.Handler) (comm.Conn, error) {
	p := s.Peer()
	if !s.resumes {
		return s.c.parts.Comm.Dial(ctx, p, ears)
	}
	var first error
	for _, a := range s.c.whereabouts(ctx, p).Addresses {
		p.Addresses = []string{a}
		conn, err := s.c.parts.Comm.Dial(ctx, p, ears)
		if err == nil {
			return conn, nil
		}
		if first == nil || !errors.Is(first, fault.Unavailable) && errors.Is(err, fault.Unavailable) {
			first = err // it may be there later
		}
	}
	if first == nil {
		return s.c.parts.Comm.Dial(ctx, p, ears)
	}
	return nil, first
}

// goOnFor is how long a session that has found its peer at a new address waits for the operations
// of earlier lives with that peer, because they hold instruments.
const goOnFor = 5 * time.Second

// awaitMoved waits, at most goOnFor, for the operations of earlier lives with a peer that has moved.
func (c *Controller) awaitMoved(ctx context.Context, p comm.Peer) {
	if p.Key == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, goOnFor)
	defer cancel()
	c.protocols.FoundAgain(ctx, p)
}
