package instrument

import "sync"

// Stamp stands for the state of all instruments of a class: if two stamps are equal, none of
// the instruments was changed in between.
type Stamp struct{ own, foreign uint64 }

// Stamp is the present stamp of a class. A caller that takes a stamp, reads, and later gets an
// equal stamp need not read again. known is false if another process may have changed something
// that this one has not noticed yet; then the stamp says nothing. It reads no database, and is
// cheap enough for each use of an instrument.
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
