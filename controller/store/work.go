package store

import (
	"database/sql/driver"
	"errors"

	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// work is one unit of work while it runs. It implements the Writers of all
// managers.
type work struct {
	writer  *writer
	undo    []mark              // the journal's numbers as they were, oldest first
	changes []func(*remembered) // what it changes in the cache, once it is committed
	broken  error               // why it cannot succeed any more, whatever its function returns
	over    bool                // it has ended
}

var (
	_ protocol.Writer = (*work)(nil)
	_ profile.Writer  = (*work)(nil)
)

// mark is the highest number of a topic before this unit added to it.
type mark struct {
	topic instrument.Topic
	last  instrument.Seq
}

// errOver is the error of a Writer that is used after the end of its unit.
var errOver = errors.New("a unit of work has kept its writer beyond its end")

func (w *work) exec(query string, args ...driver.Value) (int64, error) {
	if w.over {
		return 0, errOver
	}
	n, err := w.writer.conn.exec(query, args...)
	return n, w.check(err)
}

// then notes a change of the cache, which is made once the unit is committed.
func (w *work) then(change func(*remembered)) { w.changes = append(w.changes, change) }

func (w *work) one(query string, scan func(row []driver.Value) error, args ...driver.Value) (bool, error) {
	if w.over {
		return false, errOver
	}
	found, err := w.writer.conn.one(query, scan, args...)
	return found, w.check(err)
}

// check makes a fault of an error of the engine, and spoils the unit: it must not be committed,
// even if its function goes on in spite of the error.
func (w *work) check(err error) error {
	if err == nil {
		return nil
	}
	return w.spoil(engineFault(err))
}

// spoil notes the first error after which the unit cannot succeed.
func (w *work) spoil(err error) error {
	if w.broken == nil {
		w.broken = err
	}
	return err
}

// takeBack gives back the numbers of the journal that a failed unit was given.
func (w *work) takeBack() {
	for i := len(w.undo) - 1; i >= 0; i-- {
		w.writer.last[w.undo[i].topic] = w.undo[i].last
	}
}
