package store

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// writer is the one goroutine that changes the database.
type writer struct {
	db      *DB
	conn    *conn
	path    string      // of the file; empty in memory
	file    os.FileInfo // as it was opened; nil in memory
	gate    gate
	full    atomic.Bool // the disk has no room
	lost    int64       // what changed counted when the disk was found full last
	options Options
	ended   chan struct{}

	batch   []*unit // taken and not answered yet
	results []error
	changes []func(*remembered) // of the batch, by units that were kept

	last    map[instrument.Topic]instrument.Seq // the highest number of each topic, if it is known
	version int64                               // PRAGMA data_version when they were read
}

// serve commits together the units that have queued while the last commit went to the disk. There
// is no timer: a unit that comes alone does not wait for others.
func (w *writer) serve() {
	defer close(w.ended)
	defer w.refuseRest()
	for u := range w.db.queue {
		w.take(u)
		w.gather()
		w.fill()
		if len(w.batch) > 0 {
			w.commit()
		}
	}
}

// gather gives way to callers that were answered a moment ago and are about to queue again, as
// long as some do. Without it the writer would take the first of them alone, and every second
// commit would carry one unit.
func (w *writer) gather() {
	for have := -1; len(w.db.queue) > have && len(w.db.queue) < w.options.Batch; {
		have = len(w.db.queue)
		runtime.Gosched()
	}
}

// fill takes more units without waiting for any.
func (w *writer) fill() {
	for len(w.batch) < w.options.Batch {
		select {
		case u, ok := <-w.db.queue:
			if !ok {
				return
			}
			w.take(u)
		default:
			return
		}
	}
}

// take adds a unit to the batch unless its caller has given it up.
func (w *writer) take(u *unit) {
	if !u.taken.CompareAndSwap(false, true) {
		return
	}
	if f := w.db.stopped.Load(); f != nil {
		u.done <- f
		return
	}
	w.batch = append(w.batch, u)
}

// commit runs the batch in one transaction and answers every unit of it.
func (w *writer) commit() {
	w.gate.Lock()
	defer w.gate.Unlock()
	if err := w.checkFile(); err != nil {
		w.stop(err)
		return
	}
	if err := w.begin(); err != nil {
		w.countFailed(err)
		w.answerAll(engineFault(err))
		return
	}
	w.results = w.results[:0]
	kept := 0
	for _, u := range w.batch {
		err, lost := w.run(u)
		if lost != nil {
			w.batchFailed(lost)
			return
		}
		if err == nil {
			kept++
		} else {
			w.countFailed(err)
		}
		w.results = append(w.results, err)
	}
	if err := w.end(kept); err != nil {
		w.batchFailed(err)
		return
	}
	w.answer()
}

// checkFile fails if the database's file is not where it was opened any more. A removed file would
// take all that is written, and vanish with this process.
func (w *writer) checkFile() error {
	if w.file == nil {
		return nil
	}
	now, err := os.Stat(w.path)
	if err == nil && os.SameFile(now, w.file) {
		return nil
	}
	return errors.Join(fmt.Errorf("the database file %s was removed or replaced", w.path), err)
}

// countFailed counts the units that the engine or the disk would not do. A unit that has refused itself,
// or has met a taken key or a busy database, does not count.
func (w *writer) countFailed(err error) {
	if isEngine(err) && !isBusy(err) && fault.KindOf(err) != fault.Conflict {
		w.db.stats.failed.Add(1)
	}
}

// begin begins the transaction, waiting for other processes that write. If one has written since
// the last time, the journal's numbers are forgotten.
func (w *writer) begin() error {
	if _, err := w.conn.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	now, err := w.dataVersion()
	if err != nil {
		_, undo := w.conn.exec("ROLLBACK")
		return errors.Join(err, undo)
	}
	if now != w.version {
		clear(w.last)
		w.version = now
		w.db.foreign.Add(1)
	}
	w.db.memory.begin()
	return nil
}

// dataVersion reads data_version: another number than before means that another connection has committed.
func (w *writer) dataVersion() (n int64, err error) {
	_, err = w.conn.one("PRAGMA data_version", func(row []driver.Value) error {
		n = integer(row[0])
		return nil
	})
	return n, err
}

// alone reports whether nobody else has committed since begin.
func (w *writer) alone() bool {
	now, err := w.dataVersion()
	return err == nil && now == w.version
}

// run runs one unit in its savepoint. err is the unit's outcome; lost means that the whole
// transaction has failed, as when the disk fails under a statement.
func (w *writer) run(u *unit) (err, lost error) {
	if _, err := w.conn.exec("SAVEPOINT unit"); err != nil {
		return nil, err
	}
	k := &work{writer: w}
	if err = u.call(k); err != nil && isFull(err) { // SQLite may have rolled back the whole transaction
		return nil, err
	}
	if err != nil {
		k.takeBack()
		if _, lost := w.conn.exec("ROLLBACK TO unit"); lost != nil {
			return nil, errors.Join(lost, err)
		}
	}
	if err == nil {
		w.changes = append(w.changes, k.changes...)
	}
	_, lost = w.conn.exec("RELEASE unit")
	return err, lost
}

// end makes the batch durable. A batch in which nothing was kept costs no disk.
func (w *writer) end(kept int) error {
	if kept == 0 {
		_, err := w.conn.exec("ROLLBACK")
		return err
	}
	if hook := w.options.BeforeCommit; hook != nil {
		if err := hook(kept); err != nil {
			return &commitError{err}
		}
	}
	if _, err := w.conn.exec("COMMIT"); err != nil {
		return &commitError{err}
	}
	w.db.memory.committed(w.changes, w.alone)
	if w.full.Load() && w.changed() > w.lost && w.roomy() { // a COMMIT of nothing needs no room
		w.room(nil)
	}
	w.db.stats.commits.Add(1)
	w.db.stats.units.Add(uint64(kept))
	return nil
}

// stop ends all writing. Once a commit has failed nobody knows what the disk holds, and nothing may
// be acknowledged until a new process has opened the file. The units of the batch get
// fault.Unknown if it was the COMMIT that has failed, and else fault.Unavailable.
func (w *writer) stop(cause error) {
	w.db.memory.close()
	w.db.stats.failed.Add(uint64(len(w.batch)))
	w.db.stopped.Store(fault.Wrap(cause, fault.Unavailable, "the database has stopped after a failure and accepts no changes").
		Because("store-stopped").WithHint("see to the disk, then start the program again"))
	outcome := fault.Wrap(cause, fault.Unavailable, "the change was not made: the database failed").Because("store-stopped")
	if _, ok := errors.AsType[*commitError](cause); ok {
		outcome = fault.Wrap(cause, fault.Unknown, "the database could not make the change durable").
			Because("commit-failed").WithHint("see to the disk and start the program again; then ask whether the change was made")
	}
	_, _ = w.conn.exec("ROLLBACK") // lets other processes go on; it fails when SQLite has rolled back itself
	if tell := w.options.Stopped; tell != nil {
		tell(w.db.stopped.Load())
	}
	w.answerAll(outcome)
}

// refuseRest answers the units that are left when the writer's goroutine ends. After Close there
// are none. But a unit may end this goroutine, as a test does that fails inside one.
func (w *writer) refuseRest() {
	if len(w.batch) > 0 {
		w.stop(errors.New("a unit of work ended the writer's goroutine"))
	}
	for u := range w.db.queue {
		w.take(u)
	}
}

func (w *writer) answer() {
	for i, u := range w.batch {
		u.done <- w.results[i]
	}
	w.empty()
}

func (w *writer) answerAll(err error) {
	for _, u := range w.batch {
		u.done <- err
	}
	w.empty()
}

// empty forgets the batch and what its units hold.
func (w *writer) empty() {
	clear(w.batch)
	w.batch = w.batch[:0]
	clear(w.results)
	clear(w.changes)
	w.changes = w.changes[:0]
}

// commitError is a COMMIT that failed: what the disk holds is not known.
type commitError struct{ cause error }

func (e *commitError) Error() string { return fmt.Sprintf("commit: %v", e.cause) }
func (e *commitError) Unwrap() error { return e.cause }
