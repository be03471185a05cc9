package bench

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Rate is how payments went.
type Rate struct {
	Payments int
	Took     time.Duration
	P50, P99 time.Duration // of one payment
	Commits  uint64        // of both databases
	Units    uint64        // of work, which share commits
}

// PerSecond is how many payments were made in a second.
func (r Rate) PerSecond() float64 { return float64(r.Payments) / r.Took.Seconds() }

// CommitsPerSecond tells whether a commit waits for the disk at all.
func (r Rate) CommitsPerSecond() float64 { return float64(r.Commits) / r.Took.Seconds() }

// Batch is how many units of work shared a commit.
func (r Rate) Batch() float64 { return float64(r.Units) / float64(max(r.Commits, 1)) }

// Payments makes n payments in the session, as many at a time as window says, each
// of the window from an account of its own.
func (p *Pair) Payments(ctx context.Context, n, window int) (Rate, error) {
	return p.run(ctx, n, window, func(ctx context.Context, account instrument.ID) error {
		return p.pay(ctx, p.session, account)
	})
}

// Negotiating makes n payments, one after the other, and negotiates before each
// what holds for a whole session: class and terms, protocol, selection.
func (p *Pair) Negotiating(ctx context.Context, n int) (Rate, error) {
	return p.run(ctx, n, 1, func(ctx context.Context, account instrument.ID) error {
		if err := negotiate(ctx, p.session); err != nil {
			return err
		}
		return p.pay(ctx, p.session, account)
	})
}

// fewer is how many payments InTurns makes in one way before the other.
const fewer = 10

// InTurns makes n payments in the session as Payments does and n as Negotiating
// does, some of these and some of those by turns, one after the other: what else
// the machine has to do in the meantime meets both alike.
func (p *Pair) InTurns(ctx context.Context, n int) (inSession, negotiating Rate, err error) {
	for made := 0; made < n; made += fewer {
		some := min(fewer, n-made)
		a, err := p.Payments(ctx, some, 1)
		if err != nil {
			return inSession, negotiating, err
		}
		b, err := p.Negotiating(ctx, some)
		if err != nil {
			return inSession, negotiating, err
		}
		inSession, negotiating = inSession.with(a), negotiating.with(b)
	}
	return inSession, negotiating, nil
}

// with is both one after the other. Of single payments it knows the slowest.
func (r Rate) with(more Rate) Rate {
	return Rate{
		Payments: r.Payments + more.Payments, Took: r.Took + more.Took,
		P50: max(r.P50, more.P50), P99: max(r.P99, more.P99),
		Commits: r.Commits + more.Commits, Units: r.Units + more.Units,
	}
}

// Sessions makes n payments, one after the other, each in a session of its own.
func (p *Pair) Sessions(ctx context.Context, n int) (Rate, error) {
	return p.run(ctx, n, 1, func(ctx context.Context, account instrument.ID) error {
		s, err := p.negotiated(ctx)
		if err != nil {
			return err
		}
		if err := p.pay(ctx, s, account); err != nil {
			return err
		}
		return s.Close(ctx)
	})
}

func (p *Pair) pay(ctx context.Context, s *controller.Session, account instrument.ID) error {
	_, err := s.Execute(ctx, controller.Transaction{
		Principal: p.user, Operation: protocol.Pay, Class: client.ClassPrepaid, Instruments: []instrument.ID{account},
	}, nil)
	return err
}

// run does n times what one does, in so many goroutines. The first failure ends it.
func (p *Pair) run(ctx context.Context, n, window int, one func(context.Context, instrument.ID) error) (Rate, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var work sync.WaitGroup
	took := make([][]time.Duration, window)
	before, began := p.written(), time.Now()
	for w := range window {
		work.Go(func() {
			for ctx.Err() == nil && next.Add(1) <= int64(n) {
				since := time.Now()
				if err := one(ctx, p.accounts[w%len(p.accounts)]); err != nil {
					cancel(err)
					return
				}
				took[w] = append(took[w], time.Since(since))
			}
		})
	}
	work.Wait()
	r := Rate{Payments: n, Took: time.Since(began)}
	after, all := p.written(), slices.Concat(took...)
	r.Commits, r.Units = after.Commits-before.Commits, after.Units-before.Units
	if err := context.Cause(ctx); err != nil {
		return r, err
	}
	slices.Sort(all)
	if len(all) > 0 {
		r.P50, r.P99 = all[len(all)/2], all[len(all)*99/100]
	}
	return r, nil
}

// written is what both databases have done so far.
func (p *Pair) written() (sum store.Stats) {
	for _, s := range []store.Stats{p.wallet.Store.Stats(), p.vendor.Store.Stats()} {
		sum.Commits += s.Commits
		sum.Units += s.Units
	}
	return sum
}
