package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// unit is one unit of work in the queue.
type unit struct {
	do    func(*work) error
	taken atomic.Bool // by the writer, to run it, or by the caller, to give it up
	done  chan error  // gets exactly one outcome if the writer took it
}

// UpdateInstruments implements instrument.Store.
func (db *DB) UpdateInstruments(ctx context.Context, do func(instrument.Writer) error) error {
	return db.submit(ctx, func(w *work) error { return do(w) })
}

// UpdateOperations implements protocol.Store.
func (db *DB) UpdateOperations(ctx context.Context, do func(protocol.Writer) error) error {
	return db.submit(ctx, func(w *work) error { return do(w) })
}

// UpdateProfiles implements profile.Store.
func (db *DB) UpdateProfiles(ctx context.Context, do func(profile.Writer) error) error {
	return db.submit(ctx, func(w *work) error { return do(w) })
}

// errNothing is the outcome of the unit of Foreign, which writes nothing.
var errNothing = errors.New("there is nothing to keep")

// Foreign implements instrument.Neighbour. It queues an empty unit, because the writer looks for
// commits of other processes when it begins a transaction. It does not wait for the disk.
func (db *DB) Foreign(ctx context.Context) (uint64, error) {
	if err := db.submit(ctx, func(*work) error { return errNothing }); !errors.Is(err, errNothing) {
		return 0, err
	}
	return db.foreign.Load(), nil
}

// Seen implements instrument.Neighbour. It asks neither the writer nor the database.
func (db *DB) Seen() (foreign uint64, all bool) {
	all = db.memory.now() != 0 // first: what is remembered is right only once foreign commits before it are counted
	return db.foreign.Load(), all
}

// submit queues a unit of work and waits for its outcome. ctx counts only until the writer takes
// the unit. From then on the unit is part of a commit with others, and the caller waits to
// learn what became of it.
func (db *DB) submit(ctx context.Context, do func(*work) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	u := &unit{do: do, done: make(chan error, 1)}
	if err := db.enqueue(u); err != nil {
		return err
	}
	select {
	case err := <-u.done:
		return err
	case <-ctx.Done():
	}
	if u.taken.CompareAndSwap(false, true) {
		return ctx.Err()
	}
	return <-u.done
}

func (db *DB) enqueue(u *unit) error {
	if f := db.stopped.Load(); f != nil {
		return f
	}
	db.closing.RLock()
	defer db.closing.RUnlock()
	if db.closed {
		return closedFault()
	}
	select {
	case db.queue <- u:
		return nil
	default:
		return fault.New(fault.Unavailable, "too much is waiting for the database").
			Because("queue-full").WithHint("try again in a moment")
	}
}

// call runs the unit on the writer. A panic in it is its own failure only.
func (u *unit) call(w *work) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.Wrap(fmt.Errorf("panic: %v\n%s", p, debug.Stack()), fault.Internal,
				"a change of the database failed by a defect of this program").Because("unit-panicked")
		}
	}()
	defer func() { w.over = true }()
	if err := u.do(w); err != nil {
		return err
	}
	return w.broken
}
