package instrument

import "time"

// RereadEvery sets how often waiters look without being woken: hardly ever, so
// that a lost wake-up is seen, or at once, to see what no wake-up tells.
func (m *Manager) RereadEvery(d time.Duration) { m.hub.every = d }
