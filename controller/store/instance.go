package store

import (
	"database/sql/driver"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Insert implements instrument.RowWriter.
func (w *work) Insert(r instrument.Row) error {
	const insert = `INSERT INTO instances (id, class, owner, status, version, lease, sealed)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`
	n, err := w.exec(insert, string(r.ID), string(r.Class), string(r.Owner), r.Status, r.Version,
		orNull(string(r.Lease)), bytesOrNull(r.Sealed))
	if err != nil {
		return err
	}
	if n == 0 {
		return &instrument.VersionConflict{ID: r.ID}
	}
	w.then(func(m *remembered) { m.putRow(r) })
	return w.claim(r)
}

// Update implements instrument.RowWriter.
func (w *work) Update(r instrument.Row, seen int64, holder instrument.OperationID) error {
	n, err := w.update(r, seen, holder)
	if err != nil {
		return err
	}
	if n == 0 {
		return w.whyNot(r.ID, seen)
	}
	w.then(func(m *remembered) { m.putRow(r) })
	return w.claim(r)
}

// update returns how many rows it has changed, none or one. SQLite rewrites the index of each column that
// is set, even to its old value, and a page of the index goes into the commit. A row nearly always keeps its
// class and owner, and often its status. So the statements that set less are tried first; each has in its
// WHERE the values that it relies on.
func (w *work) update(r instrument.Row, seen int64, holder instrument.OperationID) (int64, error) {
	const (
		change = `UPDATE instances SET version = ?, lease = ?, sealed = ?
			WHERE id = ? AND version = ? AND (lease IS NULL OR lease = ?) AND class = ? AND owner = ? AND status = ?`
		stay = `UPDATE instances SET status = ?, version = ?, lease = ?, sealed = ?
			WHERE id = ? AND version = ? AND (lease IS NULL OR lease = ?) AND class = ? AND owner = ?`
		move = `UPDATE instances SET class = ?, owner = ?, status = ?, version = ?, lease = ?, sealed = ?
			WHERE id = ? AND version = ? AND (lease IS NULL OR lease = ?)`
	)
	lease, sealed := orNull(string(r.Lease)), bytesOrNull(r.Sealed)
	if w.writer.db.memory.hadStatus(r.ID, r.Status) {
		n, err := w.exec(change, r.Version, lease, sealed, string(r.ID), seen, string(holder), string(r.Class), string(r.Owner), r.Status)
		if err != nil || n > 0 {
			return n, err
		}
	}
	n, err := w.exec(stay, r.Status, r.Version, lease, sealed, string(r.ID), seen, string(holder), string(r.Class), string(r.Owner))
	if err != nil || n > 0 {
		return n, err
	}
	return w.exec(move, string(r.Class), string(r.Owner), r.Status, r.Version, lease, sealed, string(r.ID), seen, string(holder))
}

// hadStatus reports whether a row had that status when it was last read or written here. It is a guess:
// another process may have changed the row.
func (m *remembered) hadStatus(id instrument.ID, status string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rows[id].Status == status
}

// Validate implements instrument.RowWriter. A row that does not exist has version 0.
func (w *work) Validate(id instrument.ID, seen int64) error {
	version, _, err := w.stored(id)
	if err != nil {
		return err
	}
	if version != seen {
		return &instrument.VersionConflict{ID: id}
	}
	return nil
}

// ValidateKey implements instrument.RowWriter: *instrument.VersionConflict if
// the key is not as it was seen.
func (w *work) ValidateKey(class instrument.ClassID, key instrument.BlindKey, id instrument.ID) error {
	now, err := w.claimant(class, key)
	switch {
	case err != nil:
		return err
	case now == id:
		return nil
	case id == "":
		return &instrument.VersionConflict{ID: now}
	}
	return &instrument.VersionConflict{ID: id}
}

// Lease implements instrument.LeaseWriter.
func (w *work) Lease(id instrument.ID, seen int64, holder instrument.OperationID) error {
	if holder == "" {
		return fault.New(fault.Internal, "a lease needs an operation").Because("lease-without-holder")
	}
	const lease = `UPDATE instances SET lease = ? WHERE id = ? AND version = ? AND (lease IS NULL OR lease = ?)`
	n, err := w.exec(lease, string(holder), string(id), seen, string(holder))
	if err != nil {
		return err
	}
	if n == 0 {
		return w.whyNot(id, seen)
	}
	w.then(func(m *remembered) { m.putLease(id, holder) })
	return nil
}

// Release implements instrument.LeaseWriter.
func (w *work) Release(holder instrument.OperationID) error {
	_, err := w.one(`UPDATE instances SET lease = NULL WHERE lease = ? RETURNING id`, func(row []driver.Value) error {
		id := instrument.ID(text(row[0]))
		w.then(func(m *remembered) { m.putLease(id, "") })
		return nil
	}, string(holder))
	return err
}

// whyNot is the error for a row that could not be written: it has another version, or a lease.
func (w *work) whyNot(id instrument.ID, seen int64) error {
	version, lease, err := w.stored(id)
	if err != nil {
		return err
	}
	if version != seen || lease == "" {
		return &instrument.VersionConflict{ID: id}
	}
	return fault.New(fault.Locked, "another operation holds instrument %s", id).
		Because("leased").WithHint("try again when that operation has ended")
}

func (w *work) stored(id instrument.ID) (version int64, lease string, err error) {
	_, err = w.one(`SELECT version, lease FROM instances WHERE id = ?`, func(row []driver.Value) error {
		version, lease = integer(row[0]), text(row[1])
		return nil
	}, string(id))
	return version, lease, err
}

// claim takes the keys of a row that was just written and that its last version did not have; the unique
// index decides. A key that is taken fails the whole unit, because the row is written already.
func (w *work) claim(r instrument.Row) error {
	const insert = `INSERT INTO instance_keys (class, name, blind, id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`
	for _, k := range r.Keys {
		n, err := w.exec(insert, string(r.Class), k.Name, k.Blind, string(r.ID))
		if err != nil {
			return err
		}
		if n == 1 {
			continue
		}
		now, err := w.claimant(r.Class, k)
		if err != nil {
			return err
		}
		if now == r.ID {
			return w.spoil(turnedBack(r.ID, k.Name))
		}
		return w.spoil(&instrument.KeyConflict{Class: r.Class, Key: k.Name, ID: r.ID})
	}
	return nil
}

// turnedBack is the error for a row that claims what is on record as its own: no key is ever given up, so
// an older row was put in the place of the one that has claimed it.
func turnedBack(id instrument.ID, key string) error {
	return fault.New(fault.Internal, "instrument %s has claimed its %s before and does not know of it: an older record was put in its place", id, key).
		Because("seal-broken")
}

const selectClaimant = `SELECT id FROM instance_keys WHERE class = ? AND name = ? AND blind = ?`

func (w *work) claimant(class instrument.ClassID, k instrument.BlindKey) (instrument.ID, error) {
	var id instrument.ID
	_, err := w.one(selectClaimant, func(row []driver.Value) error {
		id = instrument.ID(text(row[0]))
		return nil
	}, string(class), k.Name, k.Blind)
	return id, err
}
