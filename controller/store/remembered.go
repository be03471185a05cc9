package store

import (
	"database/sql/driver"
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

	mu     sync.Mutex
	off    bool   // for good
	proven bool   // a commit of ours has moved the head: it is our database's
	valid  bool   // what is held was right when the head was stamp; else nothing is held
	stamp  head   // as the writer has seen it last
	turn   uint64 // another one after each commit, and when all is forgotten; from 1
	rows   map[instrument.ID]instrument.Row
	found  map[search][]driver.Value // principals and memberships; nil: there is none
}

// search is a query and its arguments.
type search struct{ query, args string }

const (
	mostRemembered = 2048     // of each kind; then all are dropped
	mostSealed     = 16 << 10 // bytes of a row; of all of them 32 MB
)

// newRemembered is for a database that is open; where it cannot know what others commit it holds
// nothing.
func newRemembered(path string) *remembered {
	m := &remembered{proven: path == ""}
	if path != "" {
		m.index = openIndex(path)
		m.off = m.index == nil
	}
	m.forget()
	return m
}

// row is shared with all who ask for it: nobody may write to what is sealed in it.
func (m *remembered) row(id instrument.ID) (r instrument.Row, ok bool) {
	ok = m.right(func() (held bool) { r, held = m.rows[id]; return held })
	return r, ok
}

func (m *remembered) result(s search) (row []driver.Value, ok bool) {
	ok = m.right(func() (held bool) { row, held = m.found[s]; return held })
	return row, ok
}

// now is the present turn, or 0 if what is held is not right now.
func (m *remembered) now() (turn uint64) {
	if !m.right(func() bool { turn = m.turn; return true }) {
		return 0
	}
	return turn
}

// right says whether find finds something that is right now.
func (m *remembered) right(find func() bool) bool {
	m.mu.Lock()
	found, stamp := m.valid && find(), m.stamp
	m.mu.Unlock()
	return found && m.head() == stamp
}

// head is the present one. It never changes in memory.
func (m *remembered) head() head {
	if m.index == nil {
		return head{changesAt: 1}
	}
	return m.index.read()
}

// keep makes a change for what was read after now had told the turn, unless we have committed since.
// If another process has, the head shows it to whoever asks for what is kept.
func (m *remembered) keep(since uint64, change func(*remembered)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if since == m.turn {
		change(m)
	}
}

// begin is called when the writer holds the database, so that the head stays as it is until its
// COMMIT. What is held is right then, or forgotten.
func (m *remembered) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.head()
	if !m.valid || now != m.stamp {
		m.forget()
	}
	m.valid, m.stamp = !m.off && m.proven && now.changes() > 0, now
}

// committed is called when the writer's COMMIT is on the disk, with the changes that it made, in
// their order. Between the COMMIT and our look at the head others may have committed what we do not
// know. How far the count in the head has gone does not tell: our own COMMIT does not move it if it
// has altered nothing. So the writer is asked, after the look, whether it was alone.
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

// close says that nothing is right any more.
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

// putLease is for a row of which only the lease has changed.
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
