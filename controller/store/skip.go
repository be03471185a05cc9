package store

import (
	"context"
	"database/sql/driver"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Skip implements instrument.Writer.
func (w *work) Skip(t instrument.Topic, next instrument.Seq) error {
	last, err := w.lastSeq(t)
	if err != nil {
		return err
	}
	switch {
	case next == last+1:
		return nil
	case next <= last || next > maxSeq:
		return fault.New(fault.Conflict, "the next number of %s cannot become %d: number %d is given", t, next, last).Because("number-taken").
			WithHint("it goes forwards only; %d is the least", last+1)
	}
	if _, err := w.exec(`INSERT INTO skips (topic, first, next) VALUES (?, ?, ?)`, string(t), int64(last+1), int64(next)); err != nil {
		return err
	}
	w.undo = append(w.undo, mark{t, last})
	w.writer.last[t] = next - 1
	return nil
}

// Skips implements instrument.Counter.
func (db *DB) Skips(ctx context.Context, t instrument.Topic) ([]instrument.Skip, error) {
	var all []instrument.Skip
	err := db.pool.read(ctx, func(c *conn) error {
		return c.query(`SELECT first, next FROM skips WHERE topic = ? ORDER BY first`, func(row []driver.Value) error {
			all = append(all, instrument.Skip{First: instrument.Seq(integer(row[0])), Next: instrument.Seq(integer(row[1]))})
			return nil
		}, string(t))
	})
	return all, err
}
