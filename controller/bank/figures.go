package bank

import (
	"context"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// Figures are what an operator watches: how much money is where, and since when.
type Figures struct {
	Withdrawals map[taler.State]int
	Oldest      map[taler.State]time.Time // when the first of those that have not ended was set up
	// Asking is how many notices of payments wait for their provider.
	Asking int
	// Unfetched is how many confirmed withdrawals the exchange has not shown to
	// have read, by the row that it asked to go on from; -1 until it has asked once.
	Unfetched int
}

// Figures counts. It opens no instrument and asks nobody.
func (b *Bank) Figures(ctx context.Context) (Figures, error) {
	f := Figures{Withdrawals: map[taler.State]int{}, Oldest: map[taler.State]time.Time{}, Unfetched: -1}
	for _, s := range []taler.State{taler.StatePending, taler.StateSelected, taler.StateConfirmed, taler.StateAborted} {
		f.Withdrawals[s] = 0
	}
	tally, err := b.Instruments().Tally(ctx, ClassWithdrawal)
	if err != nil {
		return f, err
	}
	for _, t := range tally {
		s := taler.State(t.Status)
		f.Withdrawals[s] = t.Count
		if s == taler.StatePending || s == taler.StateSelected {
			f.Oldest[s] = t.Oldest.Made()
		}
	}
	b.mu.Lock()
	f.Asking = len(b.asking)
	b.mu.Unlock()
	f.Unfetched, err = b.unfetched(ctx)
	return f, err
}

// unfetched counts the rows behind the one that the exchange has gone on from.
func (b *Bank) unfetched(ctx context.Context) (int, error) {
	read := b.fetched.Load()
	if read < 0 {
		return -1, nil
	}
	last, err := b.Instruments().Journal(ctx, Incoming, instrument.Page{Reverse: true, Limit: 1})
	if err != nil || len(last) == 0 {
		return 0, err
	}
	return int(max(0, int64(last[0].Seq)-read)), nil
}

// goesOn notes the row that a reader of the history goes on from: it has those
// up to there. Who reads backwards or from the beginning says nothing.
func (b *Bank) goesOn(p instrument.Page) {
	if p.Reverse {
		return
	}
	for {
		read := b.fetched.Load()
		if int64(p.After) <= read || b.fetched.CompareAndSwap(read, int64(p.After)) {
			return
		}
	}
}

// Ready reports whether the bank can read and commit: an error says why not. It
// writes nothing.
func (b *Bank) Ready(ctx context.Context) error {
	if _, err := b.Instruments().Tally(ctx, ClassProvider); err != nil {
		return err
	}
	return b.Instruments().Update(ctx, func(*instrument.Draft) error { return nil })
}
