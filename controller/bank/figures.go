package bank

import (
	"context"
	"maps"
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
	// Unfetched is how many confirmed withdrawals their exchanges have not shown to
	// have read, by the rows that they asked to go on from; an exchange counts once
	// it has asked, and -1 is that none has.
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

// unfetched counts the rows behind those that the exchanges have gone on from.
func (b *Bank) unfetched(ctx context.Context) (int, error) {
	b.mu.Lock()
	read := maps.Clone(b.fetched)
	b.mu.Unlock()
	if len(read) == 0 {
		return -1, nil
	}
	n := 0
	for topic, seq := range read {
		last, err := b.Instruments().Journal(ctx, topic, instrument.Page{Reverse: true, Limit: 1})
		if err != nil {
			return 0, err
		}
		if len(last) > 0 && last[0].Seq > seq {
			n += int(last[0].Seq - seq)
		}
	}
	return n, nil
}

// goesOn notes the row that a reader of a history goes on from: it has those up
// to there. Who reads backwards says nothing.
func (b *Bank) goesOn(x Exchange, p instrument.Page) {
	if p.Reverse {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	topic := x.Topic(Incoming)
	b.fetched[topic] = max(b.fetched[topic], p.After)
}

// Ready reports whether the bank can read and commit: an error says why not. It
// writes nothing.
func (b *Bank) Ready(ctx context.Context) error {
	if _, err := b.Instruments().Tally(ctx, ClassProvider); err != nil {
		return err
	}
	return b.Instruments().Update(ctx, func(*instrument.Draft) error { return nil })
}
