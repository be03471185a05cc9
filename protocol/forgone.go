package protocol

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// ForgoStopped ends an operation that was stopped, by the word of its operator, and returns its
// instruments, which are free then. Unlike Abandon it does so even if something of value may be
// outside: what a server or a peer has done is for people to find out. The outcome, also for
// its peer, is fault.Unknown, ReasonForgone. Nothing is deleted; the instruments keep their
// states. It is fault.Conflict if the operation was not stopped. One that cannot be opened
// stays as it is.
func (m *Manager) ForgoStopped(ctx context.Context, id instrument.OperationID) ([]instrument.Instance, error) {
	r, err := m.parts.Store.OperationRow(ctx, id)
	if err != nil {
		return nil, err
	}
	if r.State != Stuck {
		return nil, fault.New(fault.Conflict, "operation %s is %s and was not stopped", Short(id), r.State).Because("not-stuck")
	}
	if _, err := m.unseal(r); err != nil {
		return nil, unreadable(id, err)
	}
	if _, err := m.mayEnd(ctx, r); err != nil && fault.ReasonOf(err) != reasonOutside {
		return nil, m.abandonable(r, err)
	}
	held, err := m.parts.Instruments.List(ctx, instrument.Filter{Lease: id})
	if err != nil {
		return nil, err
	}
	return held, runsElsewhere(id, m.endAs(r, fault.New(fault.Unknown,
		"operation %s was stopped, and given up by its operator before it was known what it has done", Short(id)).Because(ReasonForgone)))
}
