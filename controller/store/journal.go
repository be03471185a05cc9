package store

import (
	"context"
	"database/sql/driver"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Append implements instrument.Writer. The next number comes from memory: there is one writer,
// and begin has made it forget the numbers if another process has written. A number is given
// inside the transaction that makes it visible, and given back if its unit fails. So the
// numbers of a topic are dense and become visible in their order.
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

// entriesAtFirst bounds the capacity that is reserved for a page when its first entry is read.
const entriesAtFirst = 128

// Entries implements instrument.Reader.
func (db *DB) Entries(ctx context.Context, t instrument.Topic, p instrument.Page) ([]instrument.EntryRow, error) {
	if p.Limit < 1 {
		return nil, fault.New(fault.Invalid, "a page of %d entries cannot be read", p.Limit).Because("limit-out-of-range")
	}
	query, bound := pageQuery(p)
	read := entryRow
	if p.Bare {
		read = bareEntryRow
	}
	var page []instrument.EntryRow
	err := db.pool.read(ctx, func(c *conn) error {
		return c.query(query, func(row []driver.Value) error {
			if page == nil {
				page = make([]instrument.EntryRow, 0, min(p.Limit, entriesAtFirst))
			}
			e := read(row)
			e.Topic = t
			page = append(page, e)
			return ctx.Err()
		}, string(t), bound, int64(p.Limit))
	})
	return page, err
}

const (
	bareColumns  = `seq, sealed`
	entryColumns = bareColumns + `, time, class, status, instance, by`
)

func bareEntryRow(row []driver.Value) instrument.EntryRow {
	return instrument.EntryRow{Seq: instrument.Seq(integer(row[0])), Sealed: blob(row[1])}
}

func entryRow(row []driver.Value) instrument.EntryRow {
	e := bareEntryRow(row)
	e.Time = instant(row[2])
	e.Class = instrument.ClassID(text(row[3]))
	e.Status = text(row[4])
	e.Instance = instrument.ID(text(row[5]))
	e.By = instrument.OperationID(text(row[6]))
	return e
}

const maxSeq = 1<<63 - 1 // SQLite's integers have a sign

// pageQuery chooses one of two ranges of the primary key.
func pageQuery(p instrument.Page) (query string, bound int64) {
	columns := entryColumns
	if p.Bare {
		columns = bareColumns
	}
	from := `SELECT ` + columns + ` FROM journal WHERE topic = ? AND `
	bound = int64(min(p.After, maxSeq))
	if !p.Reverse {
		return from + `seq > ? ORDER BY seq` + limited, bound
	}
	if p.After == 0 {
		return from + `seq <= ? ORDER BY seq DESC` + limited, maxSeq
	}
	return from + `seq < ? ORDER BY seq DESC` + limited, bound
}
