package instrument

import "sync"

// Stamp is a state of the instruments of a class: two equal ones mean that none of them was
// changed between.
type Stamp struct{ own, foreign uint64 }

// Stamp tells the present one. It is not known where another process may have changed something
// that this one has not noticed yet. Whoever reads behind a known one and gets it again needs not
// read again. It asks nobody, and is cheap enough for each use of an instrument.
func (m *Manager) Stamp(class ClassID) (s Stamp, known bool) {
	foreign, known := m.store.Seen()
	return Stamp{own: m.changes.of(class), foreign: foreign}, known
}

// changes counts the commits of this process that have written instruments, by class.
type changes struct {
	mu sync.Mutex
	n  map[ClassID]uint64
}

func (c *changes) of(class ClassID) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[class]
}

func (c *changes) add(class ClassID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[ClassID]uint64{}
	}
	c.n[class]++
}
