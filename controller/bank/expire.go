package bank

import (
	"context"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// Expiry says when withdrawals end with which nobody goes on; zero members have
// defaults.
type Expiry struct {
	Pending  time.Duration // after the set-up, if no wallet has selected it: 15 minutes
	Selected time.Duration // after a wallet has selected it, if no notice of a payment came: 30 minutes
	Every    time.Duration // how often to look for expired ones: 10 s
}

func (e Expiry) withDefaults() Expiry {
	orElse(&e.Pending, 15*time.Minute)
	orElse(&e.Selected, 30*time.Minute)
	orElse(&e.Every, 10*time.Second)
	return e
}

// over says why a withdrawal has expired; empty if it has not. A withdrawal with a notice
// of a payment never expires.
func (e Expiry) over(w taler.Withdrawal, now time.Time) string {
	past := func(since int64, limit time.Duration) bool { return !now.Before(time.Unix(since, 0).Add(limit)) }
	switch {
	case w.ProviderTransactionID != "":
	case w.State == taler.StatePending && past(w.Created, e.Pending):
		return "expired: no wallet took it in time"
	case w.State == taler.StateSelected && past(w.Selected, e.Selected):
		return "expired: it was not paid in time"
	}
	return ""
}

// keepHouse does what is due by the clock, until the bank rests. It knows the journal up
// to known.
func (b *Bank) keepHouse(known instrument.Seq) {
	s := newSearcher(b, known)
	for b.life.Err() == nil {
		if err := b.expire(b.life); err != nil && b.life.Err() == nil {
			b.Log().Error("withdrawals that expired cannot be ended", "error", err)
		}
		if err := s.look(); err != nil && b.life.Err() == nil {
			b.Log().Error("withdrawals that ended cannot be read", "error", err)
		}
		s.work(b.cfg.Expiry.Every)
	}
}

// pause waits that long, or until the bank rests.
func (b *Bank) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-b.life.Done():
	}
}

// expire ends what has expired. Withdrawals are read in the order in which they
// began, so it stops at the first that is too young for any limit.
func (b *Bank) expire(ctx context.Context) error {
	for state, limit := range map[taler.State]time.Duration{taler.StatePending: b.cfg.Expiry.Pending, taler.StateSelected: b.cfg.Expiry.Selected} {
		err := b.scan(ctx, string(state), func(i instrument.Instance, w taler.Withdrawal) (bool, error) {
			if b.Now().Before(time.Unix(w.Created, 0).Add(limit)) {
				return false, nil
			}
			if b.cfg.Expiry.over(w, b.Now()) == "" {
				return true, nil
			}
			return true, b.expireOne(ctx, i.ID)
		}, b.passes)
		if err != nil {
			return err
		}
	}
	return nil
}

// expireOne ends a withdrawal, unless something has happened to it since. If an operation
// holds it, it is looked at again the next time.
func (b *Bank) expireOne(ctx context.Context, id instrument.ID) error {
	err := b.amend(ctx, id, func(w *taler.Withdrawal) bool {
		why := b.cfg.Expiry.over(*w, b.Now())
		if why == "" {
			return false
		}
		w.State, w.Aborted, w.AbortReason = taler.StateAborted, b.Now().Unix(), why
		return true
	})
	if fault.KindOf(err) == fault.Locked {
		return nil
	}
	return err
}

// overdue is how long a provider may take to decide about a payment before people
// are shown that it has not.
const overdue = time.Hour

// Overdue reports whether a notice has waited for its provider for longer than it should.
// The bank goes on asking all the same.
func Overdue(w taler.Withdrawal, now time.Time) bool {
	return w.Undecided() && now.Sub(time.Unix(w.Noticed, 0)) > overdue
}
