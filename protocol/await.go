package protocol

import (
	"context"
	"errors"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// lookEvery is how often Await looks for the end of an operation of another process.
const lookEvery = 200 * time.Millisecond

// Await waits, within ctx, for the end of an operation that was begun before, here or in another
// process, and returns its outcome. If it has not ended by then, the error is fault.Unknown,
// ReasonPending. One that was stopped is fault.Stuck at once.
//
// An operation is interrupted if the process that ran it has ended. Await does not wait for one
// whose protocol is not installed (fault.Unknown, ReasonPending), nor for one with which only
// another user can go on (fault.Locked). In a process that only looks, the error is
// fault.Unknown, ReasonNotServed, when the deadline of ctx passes: no process went on with it.
func (m *Manager) Await(ctx context.Context, id instrument.OperationID) (Result, error) {
	for {
		m.mu.Lock()
		o := m.ops[id]
		m.mu.Unlock()
		if o != nil {
			return o.await(ctx)
		}
		row, err := m.parts.Store.OperationRow(context.WithoutCancel(ctx), id)
		if err != nil {
			return Result{}, err
		}
		end, err := m.openOutcome(row)
		switch {
		case err == nil && end.Fault != nil:
			return Result{}, end.Fault
		case err == nil:
			return *end.Result, nil
		case row.State != Running:
			return Result{}, unreadable(id, err)
		case m.orphaned(row) && m.lacks(row):
			return Result{}, fault.New(fault.Unknown, "operation %s was interrupted, and goes on only with %s, which is not installed here", Short(id), row.Protocol).Because(ReasonPending).
				WithHint("add its plugin again, by `plugin add`, and then let it go on by `operation resume`")
		case m.orphaned(row) && m.ofAnother(ctx, row):
			return Result{}, fault.New(fault.Locked, "operation %s is another user's, and was interrupted", Short(id)).Because("owner-locked").
				WithHint("it goes on when they use this wallet: they pay something, or say `operation resume`")
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			if m.parts.Looking && m.orphaned(row) && errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return Result{}, fault.New(fault.Unknown, "operation %s was interrupted, and no process that works goes on with it", Short(id)).Because(ReasonNotServed).
					WithHint("start the one that serves, such as `bank serve`: it goes on with all that was interrupted")
			}
			return Result{}, err
		}
	}
}

// orphaned reports whether the process that ran an operation has ended and no other has taken
// it over.
func (m *Manager) orphaned(r Row) bool {
	return r.Runner != m.parts.Runner && m.parts.Gone(r.Runner)
}

// lacks reports whether the protocol of an operation is not installed here.
func (m *Manager) lacks(r Row) bool {
	_, err := m.find(r.Protocol)
	return err != nil
}
