package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// DB is one open database. It is used by many goroutines at once.
type DB struct {
	queue   chan *unit
	closing sync.RWMutex // held for reading while a unit is put in the queue
	closed  bool
	stopped atomic.Pointer[fault.Fault] // why the writer refuses all further work
	writer  *writer
	pool    *pool
	stats   counters
	memory  *remembered
	foreign atomic.Uint64 // how often the writer has found commits of another process
}

var (
	_ instrument.Store = (*DB)(nil)
	_ protocol.Store   = (*DB)(nil)
	_ profile.Store    = (*DB)(nil)
	_ comm.Book        = (*DB)(nil)
)

// Options may be left zero.
type Options struct {
	// Readers is how many reads may run at once; 4 if zero. Connections are
	// opened when they are first needed.
	Readers int
	// Queue is how many units of work may wait for the writer; 4096 if zero.
	Queue int
	// Batch is how many units of work share a commit at most; 512 if zero.
	Batch int
	// Busy is how long to wait for another process; 5 s if zero.
	Busy time.Duration
	// Stopped, if set, is told once why the writer refuses all further work.
	Stopped func(error)
	// Full, if set, is told on the writer that the disk has no room, and with nil that
	// it has room again. Meanwhile changes are refused, and nothing of them is made.
	Full func(error)
	// BeforeCommit, if set, is called on the writer before each COMMIT with the
	// number of units in it. An error stands for a COMMIT that failed. It is
	// there for tests of what happens when the disk fails or the power goes.
	BeforeCommit func(units int) error
}

func (o Options) withDefaults() Options {
	def := func(n *int, v int) {
		if *n <= 0 {
			*n = v
		}
	}
	def(&o.Readers, 4)
	def(&o.Queue, 4096)
	def(&o.Batch, 512)
	if o.Busy <= 0 {
		o.Busy = 5 * time.Second
	}
	return o
}

// Open opens the database in the file at path and brings its tables to this version. If there is
// no file it makes one that only this user may read. The error is fault.Unavailable
// (database-busy) while another process keeps the file for longer than Options.Busy, and
// fault.Unsupported for a database of a newer version (database-newer) or on a disk that does
// not keep what it confirms (database-not-durable).
func Open(ctx context.Context, path string, o Options) (*DB, error) {
	o = o.withDefaults()
	if err := create(path); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "the database file %s cannot be made", path)
	}
	dsn, err := fileDSN(path, settings(o.Busy))
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "the database file %s cannot be named", path)
	}
	db, err := open(ctx, place{dsn: dsn, path: path, gate: noGate{}, must: durable()}, o)
	if err != nil {
		return nil, openFault(err, path)
	}
	return db, nil
}

// OpenMemory opens a new, empty database in memory, for tests. Nothing of it is left after Close.
// Reads and commits take turns, so a unit of work that reads from the DB would wait for itself.
func OpenMemory(ctx context.Context, o Options) (*DB, error) {
	o = o.withDefaults()
	db, err := open(ctx, place{dsn: memoryDSN(settings(o.Busy)), gate: &sync.RWMutex{}}, o)
	if err != nil {
		return nil, openFault(err, "in memory")
	}
	return db, nil
}

// place is where a database is.
type place struct {
	dsn  string
	path string // of the file; empty in memory
	gate gate
	must []setting // what the writer's connection must report of itself
}

// open connects and starts the writer.
func open(ctx context.Context, at place, o Options) (*DB, error) {
	to, err := sqlite.NewConnector(at.dsn)
	if err != nil {
		return nil, err
	}
	c := newPatient(to, o.Busy)
	defer stray()()           // until newRemembered has opened the index
	w, err := connect(ctx, c) // the first one: a database in memory ends with its last connection
	if err != nil {
		return nil, err
	}
	if err := errors.Join(migrateAll(ctx, c), w.check(at.must)); err != nil {
		return nil, errors.Join(err, w.close())
	}
	var file os.FileInfo
	if at.path != "" {
		file, err = os.Stat(at.path)
		_, unread := w.exec("PRAGMA data_version") // the first look at the log makes its index
		if err := errors.Join(err, unread); err != nil {
			return nil, errors.Join(err, w.close())
		}
	}
	db := &DB{queue: make(chan *unit, o.Queue), pool: newPool(c, o.Readers, at.gate), memory: newRemembered(at.path)}
	db.writer = &writer{
		db: db, conn: w, path: at.path, file: file, gate: at.gate, options: o,
		last: make(map[instrument.Topic]instrument.Seq), ended: make(chan struct{}),
	}
	go db.writer.serve()
	return db, nil
}

// create makes the file for this user only; SQLite would let everybody read it. An existing file
// is not opened: closing any descriptor of it drops the locks that this process has on it.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

func openFault(err error, where string) error {
	var f *fault.Fault
	switch {
	case errors.As(err, &f):
		return err
	case isBusy(err):
		return fault.Wrap(err, fault.Unavailable, "the database %s is in use", where).
			Because("database-busy").WithHint("try again when the other program is done")
	}
	return fault.Wrap(err, fault.Internal, "the database %s cannot be opened", where).Because("database-unreadable")
}

// Close lets the writer finish what is queued, waits for reads, and closes the file. Later calls
// of other methods are fault.Unavailable, store-closed.
func (db *DB) Close() error {
	db.closing.Lock()
	first := !db.closed
	db.closed = true
	if first {
		close(db.queue)
	}
	db.closing.Unlock()
	<-db.writer.ended
	if !first {
		return nil
	}
	db.memory.close()
	defer db.memory.release()
	return errors.Join(db.pool.close(), db.writer.conn.close())
}

// Stats counts what the writer has done since Open.
type Stats struct {
	Commits uint64 // successful COMMITs
	Units   uint64 // units of work in them
	Failed  uint64 // units that the engine or the disk would not do
}

type counters struct{ commits, units, failed atomic.Uint64 }

// Stats reads the counters.
func (db *DB) Stats() Stats {
	return Stats{
		Commits: db.stats.commits.Load(),
		Units:   db.stats.units.Load(),
		Failed:  db.stats.failed.Load(),
	}
}
