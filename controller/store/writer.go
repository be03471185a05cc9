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
	lost    int64       // rows that were changed in vain, when it was found full the last time
	options Options
	ended   chan struct{}

	batch   []*unit // taken and not answered yet
	results []error
	changes []func(*remembered) // of the batch, by units that were kept

	last    map[instrument.Topic]instrument.Seq // the highest number of each topic, as far as known
	version int64                               // PRAGMA data_version when they were read
}

// serve takes what has queued while the last commit was on its way to the disk
// and commits it together. There is no timer: a unit that comes alone does not
// wait for company.
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

// gather lets callers run who were answered a moment ago and are about to queue
// again, as long as some do; else they would find the writer gone with the
// first of them alone, and every second commit would carry one unit.
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
	if err := w.there(); err != nil {
		w.stop(err)
		return
	}
	if err := w.begin(); err != nil {
		w.failed(err)
		w.answerAll(engine(err))
		return
	}
	w.results = w.results[:0]
	kept := 0
	for _, u := range w.batch {
		err, lost := w.run(u)
		if lost != nil {
			w.lose(lost)
			return
		}
		if err == nil {
			kept++
		} else {
			w.failed(err)
		}
		w.results = append(w.results, err)
	}
	if err := w.end(kept); err != nil {
		w.lose(err)
		return
	}
	w.answer()
}

// there finds that the database's file is still where it was opened. One that was
// removed or replaced takes all that is written, and is gone with this process.
func (w *writer) there() error {
	if w.file == nil {
		return nil
	}
	now, err := os.Stat(w.path)
	if err == nil && os.SameFile(now, w.file) {
		return nil
	}
	return errors.Join(fmt.Errorf("the database file %s was removed or replaced", w.path), err)
}

// failed counts what the engine or the disk would not do. That a unit has refused
// itself, or met a key that is taken or another process at work, is no failure.
func (w *writer) failed(err error) {
	if isEngine(err) && !isBusy(err) && fault.KindOf(err) != fault.Conflict {
		w.db.stats.failed.Add(1)
	}
}

// begin opens the transaction, waiting for another process that writes, and
// forgets the journal's numbers if another process has written.
func (w *writer) begin() error {
	if _, err := w.conn.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	now, err := w.look()
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

// look is another number once another connection has committed than at the look before.
func (w *writer) look() (n int64, err error) {
	_, err = w.conn.one("PRAGMA data_version", func(row []driver.Value) error {
		n = integer(row[0])
		return nil
	})
	return n, err
}

// alone says that nobody else has committed since begin.
func (w *writer) alone() bool {
	now, err := w.look()
	return err == nil && now == w.version
}

// run runs one unit in its savepoint. The second error means that the
// transaction is lost, as it is when the disk fails under a statement.
func (w *writer) run(u *unit) (err, lost error) {
	if _, err := w.conn.exec("SAVEPOINT unit"); err != nil {
		return nil, err
	}
	k := &work{writer: w}
	if err = u.call(k); err != nil && isFull(err) { // SQLite may have rolled back all of the batch
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
	if w.full.Load() && w.changed() > w.lost && w.roomy() { // to commit nothing takes no room
		w.room(nil)
	}
	w.db.stats.commits.Add(1)
	w.db.stats.units.Add(uint64(kept))
	return nil
}

// stop ends all writing: once a commit has failed nobody knows what the disk
// holds, so nothing may be acknowledged until a new start has looked.
func (w *writer) stop(cause error) {
	w.db.memory.close()
	w.db.stats.failed.Add(uint64(len(w.batch)))
	w.db.stopped.Store(fault.Wrap(cause, fault.Unavailable, "the database has stopped after a failure and accepts no changes").
		Because("store-stopped").WithHint("see to the disk, then start the program again"))
	outcome := fault.Wrap(cause, fault.Unavailable, "the change was not made: the database failed").Because("store-stopped")
	var c *commitError
	if errors.As(cause, &c) {
		outcome = fault.Wrap(cause, fault.Unknown, "the database could not make the change durable").
			Because("commit-failed").WithHint("see to the disk and start the program again; then ask whether the change was made")
	}
	_, _ = w.conn.exec("ROLLBACK") // lets other processes go on; it fails when SQLite has rolled back itself
	if tell := w.options.Stopped; tell != nil {
		tell(w.db.stopped.Load())
	}
	w.answerAll(outcome)
}

// refuseRest answers whoever is left when the writer ends. After Close nobody
// is; but a unit may end this goroutine, as a test does that fails inside one.
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
