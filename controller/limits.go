package controller

import (
	"context"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// reserve counts what a transaction may move against the limits of whom it
// concerns, before it begins, and has it settled when the operation ends. Call
// settled when the wait for the operation is over: it may have ended before it was
// told, or never have begun. Where nothing counts it does nothing.
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
	counts := t.Counts // not all of t goes to the heap for it
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
		if fault.ReasonOf(outcome) != protocol.ReasonPending { // else it goes on without us
			settle(outcome)
		}
	}, nil
}

// isKnown reports whether something is on record of what a role counts. Then nothing
// new begins: the repetition gets the first answer, also when no room is left by now,
// and another sum is refused by the record itself, in words that say more.
func (c *Controller) isKnown(ctx context.Context, counts instrument.OperationID) bool {
	fate, err := c.fate(ctx, counts)
	return err == nil && fate != profile.Unseen
}

// settle ends a reservation by how the operation ended. Where that is not known
// the sum stays reserved until it is; so does what goes on after the operation,
// if there is anything that can.
func (c *Controller) settle(hold *profile.Hold, counts instrument.OperationID, outcome error) {
	ctx := context.Background() // whoever asked may have gone; what has moved counts all the same
	moved := hold.Sum()
	switch {
	case outcome == nil && counts != "", outcome != nil && !c.nothing(ctx, counts, outcome):
		hold.Leave()
		return
	case outcome != nil:
		moved = instrument.Amount{}
	}
	if err := hold.Settle(ctx, moved); err != nil {
		c.parts.Log.Warn("a sum that is decided still counts as reserved; it is looked at again when it matters", "error", err)
	}
}

// nothing reports whether an operation that ended with a fault has certainly
// moved nothing, and nothing that counts is left of it.
func (c *Controller) nothing(ctx context.Context, counts instrument.OperationID, outcome error) bool {
	if !fault.NothingHappened(outcome) || fault.ReasonOf(outcome) == protocol.ReasonKeyReused { // that says nothing of the operation that has the key
		return false
	}
	if counts == "" {
		return true
	}
	fate, err := c.fate(ctx, counts)
	return err == nil && (fate == profile.Unseen || fate == profile.Failed)
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
	case found[0].State != protocol.Ended:
		return profile.Running, nil
	}
	return ended(found[0].Fault), nil
}

// ended is the fate of an operation that has ended. One that its operator has
// abandoned had nothing outside, or it could not have been.
func ended(f *fault.Fault) profile.Fate {
	switch {
	case f == nil:
		return profile.Done
	case fault.NothingHappened(f), f.Reason == protocol.ReasonAbandoned:
		return profile.Failed
	}
	return profile.Running
}

// heard is a fault of the peer's side of an operation. That its operator has
// abandoned it there, or given it up, says nothing about what is outside here; and what its
// plugin has done is no reason to look into ours of the same name, nor whom it does not reach one to
// look at our network. That it knows the operation as
// another one tells of an earlier life of this party, from which a backup was made, for
// what is on record here is never asked for as something else.
func heard(f *fault.Fault) *fault.Fault {
	f = f.Foreign()
	switch f.Reason {
	case protocol.ReasonAbandoned:
		f.Reason = "abandoned-there"
	case protocol.ReasonForgone:
		f.Reason = "forgone-there"
	}
	switch {
	case strings.HasPrefix(string(f.Reason), "plugin-"):
		f.Hint = "this is the peer's plugin, not yours: try again later, or tell the peer"
	case f.Reason == "server-unreachable", f.Reason == "answer-missing":
		f.Hint = "this is whom the peer has asked, not your network: the peer can see to it"
	case f.Kind == fault.Internal && f.Hint == "":
		f.Hint = "this is a defect at the peer, which has the cause in its log: tell the peer"
	}
	if f.Reason == protocol.ReasonKeyReused {
		f.Message = "the peer has begun something else under this operation before, of which nothing is on record here: it may have been paid or done then"
		f.Hint = "is this out of a backup? ask the peer what became of it, before you do it again under another --key"
	}
	return f
}

// CountsBy says for a role what has become of what its transactions count under.
// It is called before the first of them.
func (c *Controller) CountsBy(fate func(context.Context, instrument.OperationID) (profile.Fate, error)) {
	c.counts = fate
}
