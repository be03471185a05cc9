package instrument

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// claims remembers which instances claim the unique keys that were asked for lately,
// some thousands of them. Keys are never given up and instances never removed, so what
// was found once stays true, whichever process wrote it. That nobody claims a key is
// not remembered.
//
// Memory goes by turns of mostRemembered keys: what was asked for neither in this turn
// nor in the one before it is forgotten.
type claims struct {
	mu          sync.Mutex
	now, before map[claim]ID
}

type claim struct {
	class      ClassID
	key, value string
}

// by reports whether an instance has claimed the key. Its own seal proves that; the
// table which leads from keys to instances is not sealed.
func (k claim) by(i Instance) bool { return i.Class == k.class && i.Keys[k.key] == k.value }

// misled is the error for a key that leads to an instance which has not claimed it. It
// is nil if by now the key leads elsewhere or the instance has claimed it: then the
// caller looks again, or its commit finds the conflict.
func (m *Manager) misled(ctx context.Context, k claim, blind BlindKey, id ID) error {
	m.claims.drop(k)
	now, err := m.store.FindRow(ctx, k.class, blind)
	if err != nil || now != id {
		return nil
	}
	if i, err := m.View(ctx, id); err != nil || k.by(i) { // claimed since it was read
		return nil
	}
	return fault.New(fault.Internal, "a %s of a %s leads to instrument %s, which has another: the database was altered", k.key, k.class, id).Because("seal-broken")
}

// checkClaims refuses an instance whose claim of a key was altered or removed in the database: the
// key could be claimed once more. A claim is committed with the instance that says so, and stays.
func (m *Manager) checkClaims(ctx context.Context, i Instance) error {
	for key, value := range i.Keys {
		id, err := m.Find(ctx, i.Class, key, value)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		if id != i.ID {
			return fault.New(fault.Internal, "instrument %s has a %s that leads to it no more: the database was altered", i.ID, key).Because("seal-broken")
		}
	}
	return nil
}

// mostRemembered is how many keys make a turn.
const mostRemembered = 2048

func (c *claims) find(k claim) (ID, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id, ok := c.now[k]
	if !ok {
		if id, ok = c.before[k]; ok {
			c.keep(k, id)
		}
	}
	return id, ok
}

func (c *claims) add(k claim, id ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(k, id)
}

// drop forgets what the database no longer confirms.
func (c *claims) drop(k claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.now, k)
	delete(c.before, k)
}

func (c *claims) keep(k claim, id ID) {
	k.value = strings.Clone(k.value) // and not the document that it was read in
	if c.now == nil || len(c.now) >= mostRemembered {
		c.now, c.before = map[claim]ID{}, c.now
	}
	c.now[k] = id
}
