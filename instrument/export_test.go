package instrument

import "time"

// RereadEvery sets how often waiters look without being woken: hardly ever, so
// that a lost wake-up is seen, or at once, to see what no wake-up tells.
func (m *Manager) RereadEvery(d time.Duration) { m.hub.every = d }

// Waiting counts who waits in line for an instance.
func (m *Manager) Waiting(id ID) int {
	m.line.mu.Lock()
	defer m.line.mu.Unlock()
	if q := m.line.heads[id]; q != nil {
		return len(q.waiting)
	}
	return 0
}
