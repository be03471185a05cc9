package instrument

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// OwnerSealer is a Sealer that has a key of its own for each owner's instruments.
type OwnerSealer interface {
	Sealer
	// For finds the key of an owner's instruments; fault.Locked if the person who has
	// opened the wallet may not open them.
	For(owner PrincipalID) (OwnerSeal, error)
}

// OwnerSeal seals under one owner's key.
type OwnerSeal interface {
	// Seal and Open are those of Sealer.
	Seal(plain, ad []byte) ([]byte, error)
	Open(sealed, ad []byte) ([]byte, error)
}

func (m *Manager) sealerOf(owner PrincipalID) (OwnerSeal, error) {
	if o, ok := m.sealer.(OwnerSealer); ok {
		return o.For(owner)
	}
	return m.sealer, nil
}

// Opens reports whether instruments of an owner can be read and made here.
func (m *Manager) Opens(owner PrincipalID) bool {
	_, err := m.sealerOf(owner)
	return err == nil
}

// Give makes an instrument another owner's, and seals it under that one's key. It is no
// change in its journal. An operation that holds it durably refuses that (fault.Locked);
// one that has only read it finds it changed. fault.Conflict if it is not from's any more.
func (m *Manager) Give(ctx context.Context, id ID, from, to PrincipalID) error {
	place, err := NewID(m.clock(), m.random)
	if err != nil {
		return err
	}
	giver := OperationID(place)
	if _, err := m.Lease(ctx, giver, []ID{id}); err != nil {
		return err
	}
	defer m.Release(giver)
	for {
		row, err := m.store.Row(ctx, id)
		if err != nil {
			return err
		}
		if row.Owner != from {
			return fault.New(fault.Conflict, "instrument %s has another owner now", id).Because("owner-changed")
		}
		seen := row.Version
		if err := m.sealAgain(&row, to, seen+1); err != nil {
			return err
		}
		err = m.store.UpdateInstruments(ctx, func(w Writer) error { return w.Update(row, seen, "") })
		if _, changed := errors.AsType[*VersionConflict](err); !changed {
			return err
		}
	}
}

// Reseal seals the instruments that a filter chooses again, in one unit of work,
// under the key that their owner has now. If owner is set, they become that owner's.
// Nothing else of them changes and the journal gets no entry, so it may be done while
// operations hold them.
func (m *Manager) Reseal(ctx context.Context, f Filter, owner PrincipalID) error {
	for {
		rows, err := m.store.Rows(ctx, f)
		if err != nil {
			return err
		}
		for n := range rows {
			if err := m.sealAgain(&rows[n], owner, rows[n].Version); err != nil {
				return err
			}
		}
		err = m.store.UpdateInstruments(ctx, func(w Writer) error {
			for _, r := range rows {
				if err := w.Update(r, r.Version, r.Lease); err != nil {
					return err
				}
			}
			return nil
		})
		if _, changed := errors.AsType[*VersionConflict](err); changed || errors.Is(err, fault.Locked) {
			continue // somebody was first: what they wrote is read
		}
		return err
	}
}

func (m *Manager) sealAgain(r *Row, owner PrincipalID, version int64) error {
	from, err := m.sealerOf(r.Owner)
	if err != nil {
		return err
	}
	i := Instance{ID: r.ID, Class: r.Class, Owner: r.Owner, Status: r.Status, Version: r.Version}
	plain, err := from.Open(r.Sealed, rowSeal(i))
	if err != nil {
		return fault.Wrap(err, fault.Internal, "instrument %s cannot be opened: its seal is broken", r.ID).Because("seal-broken")
	}
	if owner != "" {
		r.Owner, i.Owner = owner, owner
	}
	r.Version, i.Version = version, version
	to, err := m.sealerOf(r.Owner)
	if err != nil {
		return err
	}
	r.Sealed, err = to.Seal(plain, rowSeal(i))
	return err
}
