package instrument

import (
	"context"
	"slices"
	"sync"

	"github.com/swaperoo/swaperoo/comm/fault"
)

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

// abandon leaves the queue; false if the turn has come already.
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

// pass gives an id to the next in its queue.
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
