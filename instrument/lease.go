package instrument

import (
	"context"
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Lease takes the named instances for an operation, in memory and all at once,
// and returns them as they are now. While another operation holds one of them in
// memory only, Lease waits for its turn, within ctx. One that is held durably is
// fault.Locked at once. Instances of shareable classes are returned without a lease.
// Conflicts on those are found by version when they are written; so is a change that
// was made between the look and the lease.
//
// The leases last until Release. They become durable with the operation's first
// flush that is not its last.
func (m *Manager) Lease(ctx context.Context, holder OperationID, ids []ID) ([]Instance, error) {
	rows, exclusive, err := m.rows(ctx, ids)
	if err != nil {
		return nil, err
	}
	if err := checkFree(rows, holder); err != nil {
		return nil, err
	}
	waited, err := m.leases.take(ctx, holder, exclusive)
	if err != nil {
		return nil, err
	}
	out, err := m.leased(ctx, rows, waited, holder, ids)
	if err != nil {
		m.Release(holder)
	}
	return out, err
}

// leased opens what was taken. It reads the rows again if we had to wait: whoever
// held them before us may have changed them.
func (m *Manager) leased(ctx context.Context, rows []Row, again bool, holder OperationID, ids []ID) ([]Instance, error) {
	if again {
		var err error
		if rows, _, err = m.rows(ctx, ids); err != nil {
			return nil, err
		}
		if err := checkFree(rows, holder); err != nil {
			return nil, err
		}
	}
	out := make([]Instance, len(rows))
	for n, row := range rows {
		var err error
		if out[n], err = m.openChecked(ctx, row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// checkFree refuses rows that another operation holds durably.
func checkFree(rows []Row, holder OperationID) error {
	for _, row := range rows {
		if row.Lease != "" && row.Lease != holder {
			return fault.New(fault.Locked, "instrument %s is in use by another operation", row.ID).Because("leased").
				WithHint("wait for that operation to end, or look at it with `operation list`")
		}
	}
	return nil
}

// Leased reports whether an operation holds an instance, in this process or durably
// in any. The answer may be outdated a moment later.
func (m *Manager) Leased(ctx context.Context, id ID) (bool, error) {
	if m.leases.taken(id) {
		return true, nil
	}
	row, err := m.store.Row(ctx, id)
	return row.Lease != "", err
}

// Release gives back what Lease took in memory.
func (m *Manager) Release(holder OperationID) { m.leases.release(holder) }

// Exclusive reports whether one operation at a time holds an instance of the class.
func (m *Manager) Exclusive(class ClassID) bool { return !m.infos[class].Shareable }

// rows reads the rows of ids and lists those that need a lease, sorted: leases that
// all take in the same order cannot deadlock.
func (m *Manager) rows(ctx context.Context, ids []ID) (rows []Row, exclusive []ID, err error) {
	for _, id := range ids {
		row, err := m.store.Row(ctx, id)
		if err != nil {
			return nil, nil, err
		}
		rows = append(rows, row)
		if m.Exclusive(row.Class) {
			exclusive = append(exclusive, id)
		}
	}
	slices.Sort(exclusive)
	return rows, slices.Compact(exclusive), nil
}

// Queue waits, within ctx, for our turn at an instance, and returns how to end it.
// Turns come in the order of arrival, and bind only those who queue. A writer that has
// lost a race queues before it tries again: without that, sixteen writers needed a
// dozen attempts each.
func (m *Manager) Queue(ctx context.Context, id ID) (leave func(), err error) {
	place, err := NewID(m.clock(), m.random)
	if err != nil {
		return nil, err
	}
	holder := OperationID(place)
	if _, err := m.queues.take(ctx, holder, []ID{id}); err != nil {
		return nil, err
	}
	return func() { m.queues.release(holder) }, nil
}
