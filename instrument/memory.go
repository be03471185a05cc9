package instrument

import "sync"

// memory remembers something for those keys that were asked for last, some thousands
// of them. A turn is over when mostRemembered others have come; what was asked for
// neither in this turn nor in the one before is forgotten.
type memory[K comparable, V any] struct {
	mu          sync.Mutex
	now, before map[K]V
}

// mostRemembered is how many keys make a turn.
const mostRemembered = 2048

func (m *memory[K, V]) find(k K) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.look(k)
}

func (m *memory[K, V]) look(k K) (V, bool) {
	v, ok := m.now[k]
	if !ok {
		if v, ok = m.before[k]; ok {
			m.keep(k, v)
		}
	}
	return v, ok
}

func (m *memory[K, V]) add(k K, v V) { m.addOver(k, v, func(V) bool { return true }) }

// addOver is add unless something else is remembered that v does not stand over.
func (m *memory[K, V]) addOver(k K, v V, over func(old V) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.look(k); ok && !over(old) {
		return
	}
	m.keep(k, v)
}

func (m *memory[K, V]) keep(k K, v V) {
	if m.now == nil || len(m.now) >= mostRemembered {
		m.now, m.before = map[K]V{}, m.now
	}
	m.now[k] = v
}
