package protocol

import "github.com/swaperoo/swaperoo/instrument"

// Runner names this life of this node.
func (m *Manager) Runner() string { return m.parts.Runner }

// Elsewhere reports whether a runner is another life of this node that has not ended. What such
// a life works on is left to it. The empty runner is no life.
func (m *Manager) Elsewhere(runner string) bool {
	return runner != nobody && runner != m.parts.Runner && !m.parts.Gone(runner)
}

// Runs reports whether an operation runs in this life. Before its first flush it has no row.
func (m *Manager) Runs(id instrument.OperationID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ops[id] != nil
}
