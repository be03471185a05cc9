package controller

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// reserve counts what a transaction may move against the limits of those whom it concerns, before
// it begins. It sets r.Ended, which settles the reservation when the operation ends. Its caller must
// also call settled, with the outcome that it got: an operation that never begins calls no Ended,
// nor does a repetition of one that has ended before. Where nothing counts, reserve does nothing.
func (c *Controller) reserve(ctx context.Context, t Transaction, r *protocol.Execution) (settled func(outcome error), err error) {
	a := c.action(t)
	if a.Spends && t.Counts == "" && r.ID == "" {
		if r.ID, err = protocol.NewOperationID(c.parts.Random); err != nil {
			return nil, err
		}
	}
	a.ID = r.ID
	if t.Counts != "" {
		a.ID = t.Counts
	}
	leave, err := c.turns.take(ctx, t.Counts)
	if err != nil {
		return nil, err
	}
	hold, err := c.profiles.Reserve(ctx, a)
	if t.Counts != "" && (fault.ReasonOf(err) == profile.ReasonCountsOtherwise || profile.AboveLimits(err)) && c.isKnown(ctx, t.Counts) {
		err = nil
	}
	if err != nil {
		leave()
		return nil, err
	}
	if hold == nil && t.Counts == "" {
		return func(error) {}, nil
	}
	counts := t.Counts // captured alone, so that not all of t escapes to the heap
	settle := func(outcome error) {
		if hold != nil {
			c.settle(hold, counts, outcome)
		}
		leave()
	}
	told := r.Ended
	r.Ended = func(err error) {
		settle(err)
		if told != nil {
			told(err)
		}
	}
	return func(outcome error) {
		if fault.ReasonOf(outcome) != protocol.ReasonPending { // otherwise it goes on after its caller has left
			settle(outcome)
		}
	}, nil
}

// isKnown reports whether there is a record of what a role counts (Transaction.Counts). Then
// nothing new begins. A repetition gets the first answer, even if the limits leave no room by now.
// Another sum is refused by the record itself, whose error says more.
func (c *Controller) isKnown(ctx context.Context, counts instrument.OperationID) bool {
	fate, err := c.fate(ctx, counts)
	return err == nil && fate != profile.Unseen
}

// settle ends a reservation according to the outcome of the operation. The sum stays reserved while
// the outcome is not known, or while something goes on that the operation has only begun.
func (c *Controller) settle(hold *profile.Hold, counts instrument.OperationID, outcome error) {
	ctx := context.Background() // the caller may have left; what has moved counts all the same
	moved := hold.Sum()
	switch {
	case outcome == nil && counts != "", outcome != nil && !c.movedNothing(ctx, counts, outcome):
		hold.Leave()
		return
	case outcome != nil:
		moved = instrument.Amount{}
	}
	if err := hold.Settle(ctx, moved); err != nil {
		c.parts.Log.Warn("a sum that is decided still counts as reserved; it is looked at again when it matters", "error", err)
	}
}

// movedNothing reports whether an operation that ended with a fault has certainly moved nothing and has
// left nothing that counts.
func (c *Controller) movedNothing(ctx context.Context, counts instrument.OperationID, outcome error) bool {
	if !fault.NothingHappened(outcome) || fault.ReasonOf(outcome) == protocol.ReasonKeyReused { // that says nothing of the operation that has the key
		return false
	}
	if counts == "" {
		return true
	}
	fate, err := c.fate(ctx, counts)
	return err == nil && (fate == profile.Unseen || fate == profile.Failed)
}

// fate is what became of an operation, for reservations that nobody has settled.
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
	case found[0].State != protocol.Ended:
		return profile.Running, nil
	}
	return fateOf(found[0].Fault), nil
}

// fateOf is the fate of an operation that has ended. An operation can be abandoned only if it had
// nothing outside, so that counts as failed.
func fateOf(f *fault.Fault) profile.Fate {
	switch {
	case f == nil:
		return profile.Done
	case fault.NothingHappened(f), f.Reason == protocol.ReasonAbandoned:
		return profile.Failed
	}
	return profile.Running
}

// CountsBy sets the role's function that says what became of the Counts of its transactions. Call it
// before the first of them.
func (c *Controller) CountsBy(fate func(context.Context, instrument.OperationID) (profile.Fate, error)) {
	c.counts = fate
}
