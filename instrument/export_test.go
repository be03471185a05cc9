package instrument

import "time"

// LookEvery sets how often waiters look without being woken: hardly ever, so
// that a lost wake-up is seen, or at once, to see what no wake-up tells.
func (m *Manager) LookEvery(d time.Duration) { m.hub.first, m.hub.every = d, d }

// Waiting counts who waits for an instance: for its lease, or in line.
func (m *Manager) Waiting(id ID) (n int) {
	for _, t := range []*leaseTable{m.leases, m.queues} {
		t.mu.Lock()
		if q := t.heads[id]; q != nil {
			n += len(q.waiting)
		}
		t.mu.Unlock()
	}
	return n
}

// Misremember has a key claimed by an instance that does not claim it.
func (m *Manager) Misremember(class ClassID, key, value string, id ID) {
	m.claims.add(claim{class, key, value}, id)
}
