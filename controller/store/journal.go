package store

import (
	"context"
	"database/sql/driver"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Append implements instrument.Writer. The next number comes from memory: the
// writer is alone, and BEGIN has made it forget if another process wrote. As a
// number is given only inside the transaction that shows it, and given back
// when its unit fails, numbers are dense and become visible in their order.
func (w *work) Append(e instrument.EntryRow, seal func(instrument.Seq) ([]byte, error)) (instrument.Seq, error) {
	last, err := w.lastSeq(e.Topic)
	if err != nil {
		return 0, err
	}
	seq := last + 1
	sealed, err := seal(seq)
	if err != nil {
		return 0, err
	}
	const insert = `INSERT INTO journal (topic, seq, time, class, status, instance, by, sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
	if _, err := w.exec(insert, string(e.Topic), int64(seq), nanos(e.Time),
		string(e.Class), e.Status, string(e.Instance), orNull(string(e.By)), bytesOrNull(sealed)); err != nil {
		return 0, err
	}
	w.undo = append(w.undo, mark{e.Topic, last})
	w.writer.last[e.Topic] = seq
	return seq, nil
}

func (w *work) lastSeq(t instrument.Topic) (instrument.Seq, error) {
	if last, ok := w.writer.last[t]; ok {
		return last, nil
	}
	var last instrument.Seq
	for _, query := range []string{`SELECT max(seq) FROM journal WHERE topic = ?`, `SELECT max(next) - 1 FROM skips WHERE topic = ?`} {
		if _, err := w.one(query, func(row []driver.Value) error {
			last = max(last, instrument.Seq(integer(row[0])))
			return nil
		}, string(t)); err != nil {
			return 0, err
		}
	}
	w.writer.last[t] = last
	return last, nil
}

// Entries implements instrument.Reader.
func (db *DB) Entries(ctx context.Context, t instrument.Topic, p instrument.Page) ([]instrument.EntryRow, error) {
	if p.Limit < 1 {
		return nil, fault.New(fault.Invalid, "a page of %d entries cannot be read", p.Limit).Because("limit-out-of-range")
	}
	query, bound := pageQuery(p)
	var page []instrument.EntryRow
	err := db.pool.read(ctx, func(c *conn) error {
		return c.query(query, func(row []driver.Value) error {
			page = append(page, instrument.EntryRow{
				Topic:    t,
				Seq:      instrument.Seq(integer(row[0])),
				Time:     instant(row[1]),
				Class:    instrument.ClassID(text(row[2])),
				Status:   text(row[3]),
				Instance: instrument.ID(text(row[4])),
				By:       instrument.OperationID(text(row[5])),
				Sealed:   blob(row[6]),
			})
			return ctx.Err()
		}, string(t), bound, int64(p.Limit))
	})
	return page, err
}

const maxSeq = 1<<63 - 1 // SQLite's integers have a sign

// pageQuery chooses one of two ranges of the primary key.
func pageQuery(p instrument.Page) (query string, bound int64) {
	const columns = `SELECT seq, time, class, status, instance, by, sealed FROM journal WHERE topic = ? AND `
	bound = int64(min(p.After, maxSeq))
	if !p.Reverse {
		return columns + `seq > ? ORDER BY seq LIMIT ?`, bound
	}
	if p.After == 0 {
		return columns + `seq <= ? ORDER BY seq DESC LIMIT ?`, maxSeq
	}
	return columns + `seq < ? ORDER BY seq DESC LIMIT ?`, bound
}
