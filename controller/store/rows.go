package store

import (
	"context"
	"database/sql/driver"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

const selectInstance = `SELECT id, class, owner, status, version, lease, sealed FROM instances`

// Row implements instrument.Reader. Keys are not read: they are claims, and
// their values are in the sealed part.
func (db *DB) Row(ctx context.Context, id instrument.ID) (instrument.Row, error) {
	r, known := db.memory.row(id)
	if known && ctx.Err() == nil {
		return r, nil
	}
	since := db.memory.now()
	err := db.pool.read(ctx, func(c *conn) error {
		found, err := c.one(selectInstance+` WHERE id = ?`, func(row []driver.Value) error {
			r = instanceRow(row)
			return nil
		}, string(id))
		if err == nil && !found {
			return fault.New(fault.NotFound, "there is no instrument %s", id).Because("instrument-unknown")
		}
		return err
	})
	if err == nil {
		db.memory.keep(since, func(m *remembered) { m.putRow(r) })
	}
	return r, err
}

// FindRow implements instrument.Reader.
func (db *DB) FindRow(ctx context.Context, class instrument.ClassID, key instrument.BlindKey) (instrument.ID, error) {
	var id instrument.ID
	err := db.pool.read(ctx, func(c *conn) error {
		found, err := c.one(selectClaimant, func(row []driver.Value) error {
			id = instrument.ID(text(row[0]))
			return nil
		}, string(class), key.Name, key.Blind)
		if err == nil && !found {
			return fault.New(fault.NotFound, "no %s has this %s", class, key.Name).Because("instrument-unknown")
		}
		return err
	})
	return id, err
}

// Rows implements instrument.Reader.
func (db *DB) Rows(ctx context.Context, f instrument.Filter) ([]instrument.Row, error) {
	if f.Class != "" && f.Owner == "" && f.Status == "" && f.Lease == "" && f.Limit > 0 {
		return db.classPage(ctx, f)
	}
	var w where
	w.equal("class", string(f.Class))
	w.equal("owner", string(f.Owner))
	w.equal("status", f.Status)
	w.equal("lease", string(f.Lease))
	if f.After != "" {
		w.add("id > ?", string(f.After))
	}
	query := selectInstance + w.text() + ` ORDER BY id` + limited
	var list []instrument.Row
	err := db.pool.read(ctx, func(c *conn) error {
		return c.query(query, func(row []driver.Value) error {
			list = append(list, instanceRow(row))
			return ctx.Err()
		}, append(w.args, limit(f.Limit))...)
	})
	return list, err
}

// selectClassPage is a page of a class. The index has the ids of a class in their order for each status, so
// it takes a page of each status, and of these the first ones. Sorting the whole class for each page would make a walk
// through many instances cost the square of their number.
const selectClassPage = `WITH RECURSIVE statuses(s) AS (
		SELECT min(status) FROM instances WHERE class = ?
		UNION ALL SELECT (SELECT min(status) FROM instances WHERE class = ? AND status > s) FROM statuses WHERE s IS NOT NULL
	) ` + selectInstance + ` WHERE id IN (
		SELECT i.id FROM statuses CROSS JOIN instances i WHERE i.id IN (
			SELECT j.id FROM instances j WHERE j.class = ? AND j.status = s AND j.id > ? ORDER BY j.id` + limited + `
		) ORDER BY i.id` + limited + `
	) ORDER BY id`

func (db *DB) classPage(ctx context.Context, f instrument.Filter) ([]instrument.Row, error) {
	var list []instrument.Row
	class, most := string(f.Class), limit(f.Limit)
	err := db.pool.read(ctx, func(c *conn) error {
		return c.query(selectClassPage, func(row []driver.Value) error {
			list = append(list, instanceRow(row))
			return ctx.Err()
		}, class, class, class, string(f.After), most, most)
	})
	return list, err
}

const selectTally = `SELECT status, count(*), min(id) FROM instances WHERE class = ? GROUP BY status ORDER BY status`

// Tally implements instrument.Counter. It reads an index only.
func (db *DB) Tally(ctx context.Context, class instrument.ClassID) ([]instrument.Tally, error) {
	var list []instrument.Tally
	err := db.pool.read(ctx, func(c *conn) error {
		return c.query(selectTally, func(row []driver.Value) error {
			list = append(list, instrument.Tally{Status: text(row[0]), Count: int(integer(row[1])), Oldest: instrument.ID(text(row[2]))})
			return nil
		}, string(class))
	})
	return list, err
}

func instanceRow(row []driver.Value) instrument.Row {
	return instrument.Row{
		ID:      instrument.ID(text(row[0])),
		Class:   instrument.ClassID(text(row[1])),
		Owner:   instrument.PrincipalID(text(row[2])),
		Status:  text(row[3]),
		Version: integer(row[4]),
		Lease:   instrument.OperationID(text(row[5])),
		Sealed:  blob(row[6]),
	}
}
