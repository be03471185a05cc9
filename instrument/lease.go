package instrument

import (
	"context"
	"slices"
	"sync"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Lease takes the named instances for an operation, in memory and all at once,
// and returns them as they are now. It waits in line, within ctx, for an
// operation that holds one of them only in memory; one that is held durably is
// fault.Locked at once. Instances of shareable classes are returned without a
// lease: conflicts on them are found by version. So is a change that was made
// between the look and the lease.
//
// The leases last until Release. They become durable with the operation's first
// flush that is not its last.
func (m *Manager) Lease(ctx context.Context, holder OperationID, ids []ID) ([]Instance, error) {
	rows, exclusive, err := m.rows(ctx, ids)
	if err != nil {
		return nil, err
	}
	if err := free(rows, holder); err != nil {
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

// leased opens what was taken. Whoever had it before us has changed it, so after
// waiting it is read again.
func (m *Manager) leased(ctx context.Context, rows []Row, again bool, holder OperationID, ids []ID) ([]Instance, error) {
	if again {
		var err error
		if rows, _, err = m.rows(ctx, ids); err != nil {
			return nil, err
		}
		if err := free(rows, holder); err != nil {
			return nil, err
		}
	}
	out := make([]Instance, len(rows))
	for n, row := range rows {
		var err error
		if out[n], err = m.whole(ctx, row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// free refuses rows that another operation holds durably.
func free(rows []Row, holder OperationID) error {
	for _, row := range rows {
		if row.Lease != "" && row.Lease != holder {
			return fault.New(fault.Locked, "instrument %s is in use by another operation", row.ID).Because("leased").
				WithHint("wait for that operation to end, or look at it with `operation list`")
		}
	}
	return nil
}

// Leased reports whether an operation holds an instance: one of this process, or any
// durably. What it finds may be over, or begin, a moment later.
func (m *Manager) Leased(ctx context.Context, id ID) (bool, error) {
	if m.leases.taken(id) {
		return true, nil
	}
	row, err := m.store.Row(ctx, id)
	return row.Lease != "", err
}

// Release gives back what Lease took in memory.
func (m *Manager) Release(holder OperationID) { m.leases.release(holder) }

// Exclusive reports whether operations hold instances of the class alone.
func (m *Manager) Exclusive(class ClassID) bool { return !m.infos[class].Shareable }

// rows reads the rows of ids and names those that are held alone, sorted: taken
// in one order, leases cannot deadlock.
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

// StandInLine waits until nobody else stands in line for an instance, and
// returns how to leave. Writers that lost a race once stand in line: without it
// sixteen of them needed a dozen attempts each.
func (m *Manager) StandInLine(ctx context.Context, id ID) (leave func(), err error) {
	place, err := NewID(m.clock(), m.random)
	if err != nil {
		return nil, err
	}
	holder := OperationID(place)
	if _, err := m.line.take(ctx, holder, []ID{id}); err != nil {
		return nil, err
	}
	return func() { m.line.release(holder) }, nil
}

// leaseTable is a set of first-come locks by id.
type leaseTable struct {
	mu    sync.Mutex
	heads map[ID]*leaseQueue
	held  map[OperationID][]ID
}

type leaseQueue struct {
	holder  OperationID
	waiting []chan struct{} // closed in order
}

func newLeaseTable() *leaseTable {
	return &leaseTable{heads: map[ID]*leaseQueue{}, held: map[OperationID][]ID{}}
}

// take waits for each id in turn. On an error it keeps nothing.
func (t *leaseTable) take(ctx context.Context, holder OperationID, ids []ID) (waited bool, err error) {
	for _, id := range ids {
		turn := t.enter(holder, id)
		if turn == nil {
			continue
		}
		waited = true
		select {
		case <-turn:
			t.own(holder, id)
		case <-ctx.Done():
			if !t.abandon(id, turn) { // our turn came at the same moment: give it on
				t.pass(id)
			}
			t.release(holder)
			return waited, fault.Wrap(ctx.Err(), fault.Locked, "another operation uses this instrument").Because("leased")
		}
	}
	return waited, nil
}

// enter takes a free id at once, or returns the channel that is closed when our
// turn has come.
func (t *leaseTable) enter(holder OperationID, id ID) (turn chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := t.heads[id]
	switch {
	case q == nil:
		t.heads[id] = &leaseQueue{holder: holder}
		t.held[holder] = append(t.held[holder], id)
		return nil
	case q.holder == holder:
		return nil
	}
	turn = make(chan struct{})
	q.waiting = append(q.waiting, turn)
	return turn
}

func (t *leaseTable) taken(id ID) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.heads[id] != nil
}

func (t *leaseTable) own(holder OperationID, id ID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.heads[id].holder = holder
	t.held[holder] = append(t.held[holder], id)
}

// abandon leaves the line; false if the turn has come already.
func (t *leaseTable) abandon(id ID, turn chan struct{}) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := t.heads[id]
	if q == nil {
		return false
	}
	n := slices.Index(q.waiting, turn)
	if n < 0 {
		return false
	}
	q.waiting = slices.Delete(q.waiting, n, n+1)
	return true
}

func (t *leaseTable) release(holder OperationID) {
	t.mu.Lock()
	ids := t.held[holder]
	delete(t.held, holder)
	t.mu.Unlock()
	for _, id := range ids {
		t.pass(id)
	}
}

// pass gives an id to the next in line.
func (t *leaseTable) pass(id ID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := t.heads[id]
	if len(q.waiting) == 0 {
		delete(t.heads, id)
		return
	}
	next := q.waiting[0]
	q.waiting = q.waiting[1:]
	q.holder = ""
	close(next)
}
