package bank

import (
	"context"
	"errors"
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// maxGap bounds how many numbers may be left out: an exchange walks through them, 1,024
// at a time.
const maxGap = 10_000_000

// GoOn makes a bank that was restored from a backup ready to serve. The next row of each
// exchange's history gets the number next, which must be above all that any exchange has
// read (see Raise if it was not); the other histories go on at least as far up. Withdrawals that were open in the
// backup are marked as restored; those that no wallet had taken are aborted. It may be
// repeated after an interruption. A number that was given already is fault.Conflict,
// reason "number-taken". Nobody may serve meanwhile.
func (b *Bank) GoOn(ctx context.Context, next instrument.Seq) error {
	if err := b.mayGoOn(ctx, next); err != nil {
		return err
	}
	for _, state := range []taler.State{taler.StatePending, taler.StateSelected} {
		err := b.scan(ctx, string(state), func(i instrument.Instance, w taler.Withdrawal) (bool, error) {
			return true, b.restored(ctx, i.ID)
		}, strictly)
		if err != nil {
			return err
		}
	}
	if _, err := b.skipTo(ctx, next); err != nil {
		return err
	}
	return b.Instruments().Update(ctx, func(tx *instrument.Draft) error { return tx.Append(Numberings, "", Numbering{Next: next}) })
}

// mayGoOn refuses a number that was given in the history of any exchange, or is too far from
// those that were.
func (b *Bank) mayGoOn(ctx context.Context, next instrument.Seq) error {
	least, err := b.NextIncoming(ctx)
	if err != nil {
		return err
	}
	if next < least || next-least > maxGap {
		return fault.New(fault.Conflict, "the next row of the history cannot be %d", next).Because("number-taken").
			WithHint("it is at least %d, and at most %d more", least, maxGap)
	}
	return nil
}

// skipTo makes next the number of the next row of each history, but for those that are further
// already, and returns the exchanges whose histories they are.
func (b *Bank) skipTo(ctx context.Context, next instrument.Seq) ([]Exchange, error) {
	all, err := b.EveryExchange(ctx)
	if err != nil {
		return nil, err
	}
	for _, x := range slices.Backward(all) { // the default's incoming, which says whether it was done, is the last
		for _, t := range []instrument.Topic{Outgoing, Transfers, Incoming} {
			err := b.Instruments().Skip(ctx, x.Topic(t), next)
			if (t != Incoming || !x.Default) && fault.ReasonOf(err) == "number-taken" {
				err = nil // it is further already
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// NextIncoming is the least number that the next row of every exchange's history
// can have.
func (b *Bank) NextIncoming(ctx context.Context) (least instrument.Seq, err error) {
	all, err := b.EveryExchange(ctx)
	for _, x := range all {
		next, err := b.Instruments().Next(ctx, x.Topic(Incoming))
		if err != nil {
			return 0, err
		}
		least = max(least, next)
	}
	return least, err
}

// restored marks a withdrawal that was open in the backup.
func (b *Bank) restored(ctx context.Context, id instrument.ID) error {
	err := b.amend(ctx, id, func(w *taler.Withdrawal) bool {
		if w.State.Final() || w.Restored != 0 {
			return false
		}
		w.Restored = b.Now().Unix()
		if w.State == taler.StatePending {
			w.State, w.Aborted, w.AbortReason = taler.StateAborted, w.Restored, "the bank was restored from a backup in which it was open"
		}
		return true
	})
	if errors.Is(err, fault.Locked) {
		return fault.Wrap(err, fault.Locked, "an operation of the backup holds a withdrawal").Because("operation-open").
			WithHint("`bank operation list` names it; `bank operation abandon` ends it")
	}
	return err
}
