package controller

import (
	"context"
	"sync"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// turns lets operations with the same Transaction.Counts run one after the other: the refusal of
// one must not give back what another one moves.
type turns struct {
	mu    sync.Mutex
	taken map[instrument.OperationID]chan struct{}
}

// take waits for the turn, within ctx. An empty id needs none.
func (t *turns) take(ctx context.Context, id instrument.OperationID) (leave func(), err error) {
	if id == "" {
		return func() {}, nil
	}
	mine := make(chan struct{})
	for {
		t.mu.Lock()
		before := t.taken[id]
		if before == nil {
			if t.taken == nil {
				t.taken = map[instrument.OperationID]chan struct{}{}
			}
			t.taken[id] = mine
		}
		t.mu.Unlock()
		if before == nil {
			return func() { t.leave(id, mine) }, nil
		}
		select {
		case <-before:
		case <-ctx.Done():
			return nil, fault.Wrap(ctx.Err(), fault.Timeout, "another request about the same has not ended yet").Because("deadline-over").
				WithHint("try again in a moment")
		}
	}
}

func (t *turns) leave(id instrument.OperationID, mine chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.taken[id] == mine {
		delete(t.taken, id)
		close(mine)
	}
}
