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
	// Transfers and Returns are the refunds, by what became of them: those that
	// exchanges wire back, and those of money that was paid and buys nothing.
	Transfers, Returns map[taler.TransferState]int
	// Foreign is how many notices since the start named payments that are for something
	// else: of another reference, space or currency, or another withdrawal's.
	Foreign int
	// Refused is how many transfers of exchanges since the start were refused for good: what they
	// were to give back did not go back.
	Refused int
	// Unfetched is how many confirmed withdrawals the exchanges have not read yet. That an
	// exchange has read a row is known when it asks for the rows after it. If it has not
	// asked since the bank was started, only withdrawals confirmed since then count: what
	// it read before is not kept.
	Unfetched int
}

// Figures counts. It opens no instrument and asks nobody.
func (b *Bank) Figures(ctx context.Context) (Figures, error) {
	f := Figures{Withdrawals: map[taler.State]int{}, Oldest: map[taler.State]time.Time{}}
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
	if f.Transfers, err = b.refunds(ctx, ClassTransfer); err != nil {
		return f, err
	}
	if f.Returns, err = b.refunds(ctx, ClassReturn); err != nil {
		return f, err
	}
	f.Foreign, f.Refused = int(b.foreign.Load()), int(b.refused.Load())
	b.mu.Lock()
	for _, e := range b.asking {
		if len(e.payments) > 0 { // all others are about refunds
			f.Asking++
		}
	}
	b.mu.Unlock()
	f.Unfetched, err = b.unfetched(ctx)
	return f, err
}

// refunds counts those of a class.
func (b *Bank) refunds(ctx context.Context, class instrument.ClassID) (map[taler.TransferState]int, error) {
	counts := map[taler.TransferState]int{taler.TransferPending: 0, taler.TransferTransient: 0, taler.TransferPermanent: 0, taler.TransferSuccess: 0}
	tally, err := b.Instruments().Tally(ctx, class)
	for _, t := range tally {
		counts[taler.TransferState(t.Status)] = t.Count
	}
	return counts, err
}

// unfetched counts the rows that the exchanges have not read yet.
func (b *Bank) unfetched(ctx context.Context) (int, error) {
	all, err := b.EveryExchange(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, x := range all {
		topic := x.Topic(Incoming)
		last, err := b.lastRow(ctx, topic)
		if err != nil {
			return 0, err
		}
		b.mu.Lock()
		read, asked := b.fetched[topic]
		if !asked {
			read = b.begun[topic]
		}
		b.mu.Unlock()
		if last > read {
			n += int(last - read)
		}
	}
	return n, nil
}

// lastRow is the number of the latest row of a topic; 0: it has none.
func (b *Bank) lastRow(ctx context.Context, topic instrument.Topic) (instrument.Seq, error) {
	last, err := b.Instruments().Journal(ctx, topic, instrument.Page{Reverse: true, Limit: 1})
	if err != nil || len(last) == 0 {
		return 0, err
	}
	return last[0].Seq, nil
}

// beginHistories notes where the histories end at the start.
func (b *Bank) beginHistories(ctx context.Context) error {
	all, err := b.EveryExchange(ctx)
	for _, x := range all {
		if err == nil {
			b.begun[x.Topic(Incoming)], err = b.lastRow(ctx, x.Topic(Incoming))
		}
	}
	return err
}

// goesOn notes after which row an exchange asks for a history: it has read all up to that
// one. It reports whether that is further than before. A page that is read backwards says
// nothing of that.
func (b *Bank) goesOn(x Exchange, p instrument.Page) (further bool) {
	if p.Reverse {
		return false
	}
	topic := x.Topic(Incoming)
	b.mu.Lock()
	defer b.mu.Unlock()
	further = p.After > b.fetched[topic]
	b.fetched[topic] = max(b.fetched[topic], p.After)
	return further
}

// tellBeyond has the log say, once for each history, that an exchange asks for what comes after
// a row which was never given: it may have read the rows of a life that was lost, and reads none
// that is given from now on up to that number.
func (b *Bank) tellBeyond(ctx context.Context, topic instrument.Topic, after instrument.Seq) {
	next, err := b.Instruments().Next(ctx, topic)
	if err != nil || after < next {
		return // who reads the history is told of an error
	}
	b.mu.Lock()
	told := b.beyond[topic]
	b.beyond[topic] = true
	b.mu.Unlock()
	if !told {
		b.Log().Error("an exchange asks for rows after one that this bank has not given: if it has read so far before the bank was restored, it reads none of those to come. `bank restore --next-incoming N` with a higher number helps",
			"history", topic, "after", after, "next", next)
	}
}

// Ready returns nil if the bank can read and commit, and otherwise an error that says why
// not. It writes nothing.
func (b *Bank) Ready(ctx context.Context) error {
	if _, err := b.Instruments().Tally(ctx, ClassProvider); err != nil {
		return err
	}
	return b.Instruments().Update(ctx, func(*instrument.Draft) error { return nil })
}
