package bank

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// scan reads all withdrawals of a status, the oldest first, as long as each wants more.
// Records that cannot be read go to closed: see passes and strictly.
func (b *Bank) scan(ctx context.Context, status string, each func(instrument.Instance, taler.Withdrawal) (more bool, err error), closed func(instrument.ID, error) error) error {
	return scan(ctx, b, instrument.Filter{Class: ClassWithdrawal, Status: status}, each, closed)
}

// EachWithdrawal shows an operator the withdrawals of a status, or all, the oldest first, as long
// as each wants more. One that cannot be read is passed over, and named in the log.
func (b *Bank) EachWithdrawal(ctx context.Context, status taler.State, each func(taler.Withdrawal) (more bool, err error)) error {
	return b.scan(ctx, string(status), func(_ instrument.Instance, w taler.Withdrawal) (bool, error) { return each(w) }, b.passes)
}

// scan reads all instances that f lets through, whose state is an S.
func scan[S any](ctx context.Context, b *Bank, f instrument.Filter, each func(instrument.Instance, S) (more bool, err error), closed func(instrument.ID, error) error) error {
	return b.Instruments().Walk(ctx, f, func(i instrument.Instance) (bool, error) {
		var state S
		if err := i.Decode(&state); err != nil {
			return true, closed(i.ID, err)
		}
		return each(i, state)
	}, closed)
}

// strictly ends a scan at a record that cannot be read, for decisions that need all of
// them.
func strictly(_ instrument.ID, err error) error { return err }

// passes goes on after a record that cannot be read, so that a record that was altered
// holds up no other. The log names each such record once in a life.
func (b *Bank) passes(id instrument.ID, err error) error {
	b.mu.Lock()
	told := b.closed[id]
	b.closed[id] = true
	b.mu.Unlock()
	if !told {
		b.Log().Error("a record cannot be read, and nothing is done for it: see `bank audit`", "instrument", id, "error", err)
	}
	return nil
}

// isAltered reports whether a record cannot be read because it was altered.
func isAltered(err error) bool { return fault.ReasonOf(err) == "seal-broken" }
