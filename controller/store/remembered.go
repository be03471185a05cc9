package store

import (
	"database/sql/driver"
	"slices"
	"sync"

	"github.com/swaperoo/swaperoo/instrument"
)

// remembered holds what was read or committed last, so that it is not read again: each commit
// empties the page caches of all connections but the writer's, and a row costs some 30 µs then.
// Whatever it answers is what the database would: it says nothing when anybody but this process's
// writer has committed since, which the head of the wal-index shows.
//
// Keys are not held (Row does not read them), and nothing large.
type remembered struct {
	index *walIndex // nil for a database in memory, which nobody shares

	mu         sync.Mutex
	off        bool // for good
	valid      bool // stamp is known
	stamp      head // of the wal-index, when what is held was right
	turn       uint64
	rows       map[instrument.ID]instrument.Row
	principals map[string][]driver.Value // by the query that found them, with its argument
}

const (
	mostRemembered = 2048     // of each kind; then all are dropped
	mostSealed     = 16 << 10 // bytes of a row
)

// moment is when something was read.
type moment struct {
	turn uint64
	ok   bool
}

// newRemembered is for a database that is open; where it cannot know what others commit it holds
// nothing.
func newRemembered(path string) *remembered {
	m := &remembered{}
	if path != "" {
		m.index = openIndex(path)
		m.off = m.index == nil
	}
	m.forget()
	return m
}

func (m *remembered) forget() {
	m.turn++
	m.rows = map[instrument.ID]instrument.Row{}
	m.principals = map[string][]driver.Value{}
}

// now is the present moment, if what is held is right now.
func (m *remembered) now() moment {
	m.mu.Lock()
	at, stamp := moment{m.turn, m.valid && !m.off}, m.stamp
	m.mu.Unlock()
	at.ok = at.ok && m.still(&stamp)
	return at
}

// still says whether nobody has committed since the wal-index was like this.
func (m *remembered) still(stamp *head) bool {
	if m.index == nil {
		return true
	}
	var now head
	return m.index.read(&now) && now == *stamp
}

func (m *remembered) row(id instrument.ID) (instrument.Row, bool) {
	m.mu.Lock()
	r, ok := m.rows[id]
	ok = ok && m.valid && !m.off
	stamp := m.stamp
	m.mu.Unlock()
	return r, ok && m.still(&stamp)
}

func (m *remembered) principal(query string) ([]driver.Value, bool) {
	m.mu.Lock()
	p, ok := m.principals[query]
	ok = ok && m.valid && !m.off
	stamp := m.stamp
	m.mu.Unlock()
	return p, ok && m.still(&stamp)
}

// read keeps what was read after a moment, unless anything was committed since.
func (m *remembered) read(since moment, keep func(*remembered)) {
	if !since.ok || m.now() != since {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.turn == since.turn {
		keep(m)
	}
}

// begin is called when the writer holds the database: nobody else commits from now on.
func (m *remembered) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := head{}
	readable := m.index == nil || !m.off && m.index.read(&now)
	if !readable || !m.valid || now != m.stamp {
		m.forget()
	}
	m.valid, m.stamp = readable, now
}

// committed is called when the writer's commit is on the disk. It makes the changes, in their order,
// unless another process has committed already after it.
func (m *remembered) committed(changes []func(*remembered)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turn++
	if m.index != nil && !m.off {
		before := m.stamp
		m.valid = m.index.read(&m.stamp) && m.valid
		if !m.valid || m.stamp.changes() != before.changes()+1 && m.stamp != before {
			m.forget()
			return
		}
	}
	for _, change := range changes {
		change(m)
	}
}

// close says that nothing is right any more.
func (m *remembered) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.off = true
	m.forget()
}

// release gives back the wal-index, when the database is closed.
func (m *remembered) release() error {
	if m.index == nil {
		return nil
	}
	return m.index.close()
}

func (m *remembered) putRow(r instrument.Row) {
	r.Keys = nil
	if len(r.Sealed) > mostSealed {
		delete(m.rows, r.ID)
		return
	}
	if len(m.rows) >= mostRemembered {
		clear(m.rows)
	}
	m.rows[r.ID] = r
}

// putLease is for a row of which only the lease has changed.
func (m *remembered) putLease(id instrument.ID, holder instrument.OperationID) {
	if r, ok := m.rows[id]; ok {
		r.Lease = holder
		m.rows[id] = r
	}
}

func (m *remembered) putPrincipal(query string, row []driver.Value) {
	if len(m.principals) >= mostRemembered {
		clear(m.principals)
	}
	m.principals[query] = slices.Clone(row)
}

func (m *remembered) dropPrincipals() { clear(m.principals) }
