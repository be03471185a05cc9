package protocol

import "github.com/swaperoo/swaperoo/instrument"

// Runner is this life of this node.
func (m *Manager) Runner() string { return m.parts.Runner }

// Elsewhere reports whether a runner is another life of this node that has not
// ended. What it works on is left to it; nobody, "", is no life.
func (m *Manager) Elsewhere(runner string) bool {
	return runner != nobody && runner != m.parts.Runner && !m.parts.Gone(runner)
}

// Runs reports whether an operation runs in this life. It may, before its first
// step that lasts, and be on no record yet.
func (m *Manager) Runs(id instrument.OperationID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ops[id] != nil
}
