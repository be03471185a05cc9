package vendor

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Settling is when each card payment of unknown outcome is asked about next. The zero value
// asks about all of them. It is in memory, so each life begins with all, and belongs to one
// goroutine.
type Settling struct {
	next map[instrument.ID]time.Time
}

// The pauses between two questions about one payment are as long as its charge is ago, within
// these bounds; after the last one only the next life asks again.
const (
	settleFirst   = time.Minute
	settleLongest = 6 * time.Hour
	settleFor     = 7 * 24 * time.Hour
)

// due reports whether a payment is to be asked about now, and notes when it is the next time.
func (s *Settling) due(id instrument.ID, charged, now time.Time) bool {
	if s.next == nil {
		s.next = map[instrument.ID]time.Time{}
	}
	at, known := s.next[id]
	if known && (at.IsZero() || now.Before(at)) {
		return false
	}
	ago := max(0, now.Sub(charged))
	s.next[id] = time.Time{}
	if ago < settleFor {
		s.next[id] = now.Add(min(max(ago, settleFirst), settleLongest))
	}
	return true
}

// Settle asks the provider about each card payment whose outcome nobody here has heard and that
// is due, one after the other, so that what a card was charged does not wait for who pays it to
// ask: what was paid into an account is credited, and all else is on record, for the payer's next
// try and for the vendor (Payment.Unheard). Nothing is charged. A withdrawal asks for itself. A
// provider that does not answer is asked about its other payments the next time.
func (t *Terminal) Settle(ctx context.Context, s *Settling) error {
	all, err := t.Instruments().List(ctx, instrument.Filter{Class: ClassCardPayment, Status: cardPending})
	if err != nil {
		return err
	}
	var failed []error
	away := map[instrument.ID]bool{}
	for _, i := range all {
		p, err := cardPaymentOf(i)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		if !asksForNothing(p.Reference) || away[p.Provider] || !s.due(p.id, time.Unix(p.Changed, 0), t.Now()) {
			continue
		}
		_, err = t.factsOf(ctx, p.Reference)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, fault.Unavailable), errors.Is(err, fault.Timeout):
			away[p.Provider] = true
		}
	}
	return errors.Join(append(failed, t.creditOwed(ctx))...)
}

// asksForNothing tells a payment that nobody at this terminal waits for from that of a withdrawal,
// whose sale goes on until its outcome is known.
func asksForNothing(reference string) bool {
	return comesBack(reference) || strings.HasPrefix(reference, topUpPrefix)
}

// KeepSettling is Settle until ctx ends, and first CreditPaid. What cannot be done is logged, and
// done later.
func (t *Terminal) KeepSettling(ctx context.Context) {
	does := t.CreditPaid
	for s := (&Settling{}); ; does = func(ctx context.Context) error { return t.Settle(ctx, s) } {
		if err := does(ctx); err != nil && ctx.Err() == nil {
			t.Log().Warn("not all that was paid into accounts is credited yet", "error", err)
		}
		select {
		case <-time.After(settleFirst):
		case <-ctx.Done():
			return
		}
	}
}
