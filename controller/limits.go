package controller

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// reserve counts what a transaction may move against the limits of whom it
// concerns, before it begins, and has it settled when the operation ends. The
// hold is nil where nothing counts. Call settled when the wait for the operation
// is over: it may have ended before it was told, or never have begun.
func (c *Controller) reserve(ctx context.Context, t Transaction, r *protocol.Execution) (*profile.Hold, error) {
	a := c.action(t)
	if t.Counts != "" {
		a.ID = t.Counts
		hold, err := c.profiles.Reserve(ctx, a)
		hold.Leave() // it goes on after the operation
		return nil, err
	}
	if a.Spends && r.ID == "" {
		id, err := protocol.NewOperationID(c.parts.Random)
		if err != nil {
			return nil, err
		}
		r.ID = id
	}
	a.ID = r.ID
	hold, err := c.profiles.Reserve(ctx, a)
	if hold == nil || err != nil {
		return nil, err
	}
	told := r.Ended
	r.Ended = func(err error) {
		c.settle(hold, err)
		if told != nil {
			told(err)
		}
	}
	return hold, nil
}

// settled is for whoever has waited for an operation: unless it goes on without
// them, its reservation ends.
func (c *Controller) settled(hold *profile.Hold, outcome error) {
	if hold != nil && fault.ReasonOf(outcome) != "pending" {
		c.settle(hold, outcome)
	}
}

// settle ends a reservation by how the operation ended. Where that is not known
// the sum stays reserved until it is.
func (c *Controller) settle(hold *profile.Hold, outcome error) {
	moved := hold.Sum()
	switch {
	case errors.Is(outcome, fault.Unknown), errors.Is(outcome, fault.Stuck), errors.Is(outcome, fault.Suspended), fault.ReasonOf(outcome) == "key-reused":
		hold.Leave()
		return
	case outcome != nil:
		moved = instrument.Amount{}
	}
	// Whoever asked may have gone; what has moved counts all the same.
	if err := hold.Settle(context.Background(), moved); err != nil {
		c.parts.Log.Warn("a sum that is decided still counts as reserved; it is looked at again when it matters", "error", err)
	}
}

// fate is what has become of an operation, for reservations that nobody settled.
func (c *Controller) fate(ctx context.Context, op instrument.OperationID) (profile.Fate, error) {
	if protocol.CheckOperationID(op) != nil { // what a role counts
		if c.counts == nil {
			return profile.Running, nil
		}
		return c.counts(ctx, op)
	}
	found, err := c.protocols.Records(ctx, protocol.Filter{Prefix: string(op), Limit: 1})
	switch {
	case err != nil:
		return profile.Unseen, err
	case len(found) == 0:
		return profile.Unseen, nil
	case found[0].State != protocol.Ended || errors.Is(orNil(found[0].Fault), fault.Unknown):
		return profile.Running, nil
	case found[0].Fault != nil:
		return profile.Failed, nil
	}
	return profile.Done, nil
}

// CountsBy says for a role what has become of what its transactions count under.
// It is called before the first of them.
func (c *Controller) CountsBy(fate func(context.Context, instrument.OperationID) (profile.Fate, error)) {
	c.counts = fate
}
