package store

import (
	"database/sql/driver"
	"sync"

	"github.com/swaperoo/swaperoo/instrument"
)

// remembered is a cache of rows that were read or committed last. Each commit empties the page
// caches of all connections but the writer's, and reading a row costs some 30 µs then.
//
// It answers exactly what the database would. The head of the wal-index changes with each commit
// of any process; the cache answers only while the head is the one that it was filled under, and
// our writer takes it from one head to the next with its own commits.
//
// It holds no keys, because Row does not read them, and no large rows.
type remembered struct {
	index *walIndex // nil for a database in memory, which nobody shares

	mu     sync.Mutex
	off    bool   // it holds nothing any more, for good
	proven bool   // a commit of ours has moved the head: it is the head of our database
	valid  bool   // what is held was right when the head was stamp; else nothing is held
	stamp  head   // the head as the writer saw it last
	turn   uint64 // counts our commits and the times that all was forgotten; from 1
	rows   map[instrument.ID]instrument.Row
	found  map[search][]driver.Value // principals and memberships; nil: there is none
}

// search is a query and its arguments.
type search struct{ query, args string }

const (
	mostRemembered = 2048     // of each kind; then all are dropped
	mostSealed     = 16 << 10 // bytes of a row; of all of them 32 MB
)

// newRemembered makes the cache of a database that is open. Where it cannot see the commits of
// others it stays empty.
func newRemembered(path string) *remembered {
	m := &remembered{proven: path == ""}
	if path != "" {
		m.index = openIndex(path)
		m.off = m.index == nil
	}
	m.forget()
	return m
}

// row is the row with that id, if it is held. Its sealed part is shared: nobody writes to it.
func (m *remembered) row(id instrument.ID) (r instrument.Row, ok bool) {
	ok = m.right(func() (held bool) { r, held = m.rows[id]; return held })
	return r, ok
}

// result is the row that a search has found, nil for none, if it is held.
func (m *remembered) result(s search) (row []driver.Value, ok bool) {
	ok = m.right(func() (held bool) { row, held = m.found[s]; return held })
	return row, ok
}

// now is the present turn, or 0 if the cache answers nothing now.
func (m *remembered) now() (turn uint64) {
	if !m.right(func() bool { turn = m.turn; return true }) {
		return 0
	}
	return turn
}

// right reports whether find finds something, and the cache is what the database holds now.
func (m *remembered) right(find func() bool) bool {
	m.mu.Lock()
	found, stamp := m.valid && find(), m.stamp
	m.mu.Unlock()
	return found && m.head() == stamp
}

// head is the present head. That of a database in memory never changes.
func (m *remembered) head() head {
	if m.index == nil {
		return head{changesAt: 1}
	}
	return m.index.read()
}

// keep adds to the cache what was read in the turn since, unless our writer has committed after
// that. A commit of another process shows in the head when the cache is asked.
func (m *remembered) keep(since uint64, change func(*remembered)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if since == m.turn {
		change(m)
	}
}

// begin is called when the writer has begun its transaction. Nobody else commits until its COMMIT,
// so the head stays as it is. What is held is right then, or is forgotten.
func (m *remembered) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.head()
	if !m.valid || now != m.stamp {
		m.forget()
	}
	m.valid, m.stamp = !m.off && m.proven && now.changes() > 0, now
}

// committed is called when the writer's COMMIT is on the disk, with the changes of the cache for
// its units, in their order. Between the COMMIT and our look at the head another process may have
// committed. The count in the head does not show that, because a COMMIT that has altered nothing
// does not move it. So alone is asked after the look: has nobody else committed since begin?
func (m *remembered) committed(changes []func(*remembered), alone func() bool) {
	now := m.head()
	known := now.changes() > 0 && (m.index == nil || alone())
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turn++
	m.proven = m.proven || known && m.stamp != (head{}) && m.stamp != now
	m.valid, m.stamp = !m.off && m.proven && known, now
	if !m.valid {
		m.forget()
		return
	}
	for _, change := range changes {
		change(m)
	}
}

// close empties the cache for good.
func (m *remembered) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.off, m.valid = true, false
	m.forget()
}

// release gives back the wal-index, when the database is closed.
func (m *remembered) release() {
	if m.index != nil {
		m.index.close()
	}
}

func (m *remembered) forget() {
	m.turn++
	m.rows = map[instrument.ID]instrument.Row{}
	m.found = map[search][]driver.Value{}
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

// putLease changes the lease of a row that is held.
func (m *remembered) putLease(id instrument.ID, holder instrument.OperationID) {
	if r, ok := m.rows[id]; ok {
		r.Lease = holder
		m.rows[id] = r
	}
}

func (m *remembered) putFound(s search, row []driver.Value) {
	if len(m.found) >= mostRemembered {
		clear(m.found)
	}
	m.found[s] = row
}

func (m *remembered) dropFound() { clear(m.found) }
