package protocol

import (
	"slices"
	"sync"
)

// update runs a unit of work, and with it the chores that wait: cleaning up is not worth a commit
// of its own. Chores of a unit that fails wait for the next one.
func (m *Manager) update(unit func(Writer) error) error {
	chores := m.chores.take()
	err := m.parts.Store.UpdateOperations(m.life, func(w Writer) error {
		if err := unit(w); err != nil {
			return err
		}
		for _, c := range chores {
			if err := c.do(w); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		m.chores.add(chores...)
	}
	return err
}

// chore is one piece of cleaning up, and the key of the peer that has caused it; empty: ours.
type chore struct {
	peer string
	do   func(Writer) error
}

// chores wait for the next unit of work. None is needed: what is lost with the process is noticed
// again in the next one.
type chores struct {
	mu   sync.Mutex
	list []chore
}

// Limits of the chores that wait (maxChores), of those of one peer among them (maxChoresPeer),
// and of those that one unit of work takes along (maxChoresUnit). What is beyond is dropped.
const (
	maxChores     = 4096
	maxChoresPeer = 256
	maxChoresUnit = 64
)

func (c *chores) add(list ...chore) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, next := range list {
		same := 0
		for _, l := range c.list {
			if l.peer == next.peer {
				same++
			}
		}
		if len(c.list) < maxChores && (next.peer == "" || same < maxChoresPeer) {
			c.list = append(c.list, next)
		}
	}
}

func (c *chores) take() []chore {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := min(len(c.list), maxChoresUnit)
	list := slices.Clone(c.list[:n])
	c.list = slices.Delete(c.list, 0, n)
	return list
}

// Limits of the ends that wait for a peer, and that one frame carries.
const (
	maxEnds      = 256 // kept for a peer
	maxEndsFrame = 64
)

// ends are the ids of operations that this side has begun and whose end it has stored. The next
// request to the peer that serviced them carries them, at the cost of no frame. Each goes once;
// if the request fails, it is added again.
type ends struct {
	mu     sync.Mutex
	byPeer map[string][]string
}

func (e *ends) add(peer string, ids ...string) {
	if len(ids) == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.byPeer == nil {
		e.byPeer = map[string][]string{}
	}
	list := e.byPeer[peer]
	for _, id := range ids {
		if !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	e.byPeer[peer] = list[max(0, len(list)-maxEnds):] // the servicer asks for those that are left out: see Unheard
}

// take gives what the next frame to a peer carries.
func (e *ends) take(peer string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := e.byPeer[peer]
	if len(list) <= maxEndsFrame {
		delete(e.byPeer, peer)
		return list
	}
	e.byPeer[peer] = list[maxEndsFrame:]
	return list[:maxEndsFrame:maxEndsFrame]
}
