package instrument

import (
	"context"
	"sync"
	"time"
)

// lookEvery is how often the hub looks whether another process has written. If one
// has, all waiters read again. Changes of this process wake those that they concern,
// at once.
const lookEvery = 3 * time.Second

// firstLook is how soon the hub looks for the first time. That look wakes everybody
// (see look), so it comes while few wait; most waits are over before it.
const firstLook = 100 * time.Millisecond

// Wait calls read until it is done, fails or ctx ends, which is no error: once
// before waiting, and again whenever the instance may have changed.
func (m *Manager) Wait(ctx context.Context, id ID, read func(context.Context) (done bool, err error)) error {
	return m.hub.wait(ctx, string(id), read)
}

// WaitFor is Wait with a look at the instance itself.
func (m *Manager) WaitFor(ctx context.Context, id ID, look func(Instance) (done bool, err error)) error {
	return m.hub.wait(ctx, string(id), func(ctx context.Context) (bool, error) {
		i, err := m.View(ctx, id)
		if err != nil {
			return false, err
		}
		return look(i)
	})
}

// WaitTopic is Wait for new entries of a topic.
func (m *Manager) WaitTopic(ctx context.Context, t Topic, read func(context.Context) (done bool, err error)) error {
	return m.hub.wait(ctx, topicKey(t), read)
}

func topicKey(t Topic) string { return "topic/" + string(t) }

// hub wakes waiters by name.
type hub struct {
	first   time.Duration // see firstLook
	every   time.Duration // see lookEvery
	foreign func(context.Context) (uint64, error)

	mu      sync.Mutex
	waiting map[string]map[chan struct{}]struct{}
	looking bool // while somebody waits
}

func newHub(s Neighbour) *hub {
	return &hub{first: firstLook, every: lookEvery, foreign: s.Foreign, waiting: map[string]map[chan struct{}]struct{}{}}
}

func (h *hub) wait(ctx context.Context, key string, read func(context.Context) (bool, error)) error {
	wake := make(chan struct{}, 1) // registered before the first read: no change is lost between
	h.add(key, wake)
	defer h.drop(key, wake)
	// Everything that ends the wait comes through the one channel: to wait for
	// several at once takes more of the stack, and thousands wait here.
	defer context.AfterFunc(ctx, func() { ring(wake) })()
	for {
		// The read itself is not cut short: a waiter whose time is over still
		// answers with what there is.
		if done, err := read(context.WithoutCancel(ctx)); done || err != nil {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
		<-wake
		if ctx.Err() != nil {
			return nil
		}
	}
}

// look wakes everybody when another process may have written, as long as somebody
// waits. The first look has nothing to compare with, so it always wakes.
func (h *hub) look() {
	var seen uint64
	for known := false; ; known = true {
		pause := h.every
		if !known {
			pause = h.first
		}
		time.Sleep(pause)
		if !h.anybody() {
			return
		}
		now, err := h.foreign(context.Background())
		if !known || err != nil || now != seen {
			h.wakeAll()
		}
		seen = now
	}
}

// anybody reports whether somebody waits. If nobody does, looking is over.
func (h *hub) anybody() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.looking = len(h.waiting) > 0
	return h.looking
}

func ring(wake chan struct{}) {
	select {
	case wake <- struct{}{}:
	default: // it is awake already
	}
}

func (h *hub) add(key string, wake chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.waiting[key] == nil {
		h.waiting[key] = map[chan struct{}]struct{}{}
	}
	h.waiting[key][wake] = struct{}{}
	if !h.looking {
		h.looking = true
		go h.look()
	}
}

func (h *hub) drop(key string, wake chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.waiting[key], wake)
	if len(h.waiting[key]) == 0 {
		delete(h.waiting, key)
	}
}

func (h *hub) wake(key string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.waiting[key] {
		ring(w)
	}
}

func (h *hub) wakeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, all := range h.waiting {
		for w := range all {
			ring(w)
		}
	}
}
