package vendor

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Settling remembers when to ask again about each card payment of unknown outcome. The zero
// value asks about all of them. It is kept in memory only, so each life begins by asking
// about all, and belongs to one goroutine.
type Settling struct {
	next map[instrument.ID]time.Time
}

// The pause before the next question about a payment is as long as the time since its charge,
// within these bounds. After the last one only the next life asks again.
const (
	settleFirst   = time.Minute
	settleLongest = 6 * time.Hour
	settleFor     = 7 * 24 * time.Hour
)

// due reports whether to ask about a payment now, and notes when to ask the next time.
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

// Settle asks the provider about each card payment that is due and whose outcome nobody here has
// heard, one after the other. So a charge is found even if its payer never asks again: what was
// paid into an account is credited, and everything else is put on record, for the payer's next
// attempt and for the vendor (Payment.Unheard). Nothing is charged. Payments of withdrawals are
// left to their sales. When a provider does not answer, its other payments wait for the next call.
func (t *Terminal) Settle(ctx context.Context, s *Settling) error {
	away := map[instrument.ID]bool{}
	each := func(i instrument.Instance) (more bool, err error) {
		p, err := cardPaymentOf(i)
		if err != nil || !unawaited(p.Reference) || away[p.Provider] || !s.due(p.id, time.Unix(p.Changed, 0), t.Now()) {
			return true, err
		}
		_, err = t.factsOf(ctx, p.Reference)
		if errors.Is(err, fault.Unavailable) || errors.Is(err, fault.Timeout) {
			away[p.Provider] = true
		}
		return true, ctx.Err()
	}
	err := t.Instruments().Walk(ctx, instrument.Filter{Class: ClassCardPayment, Status: cardPending}, each, func(id instrument.ID, err error) error {
		t.Log().Error("a card payment of unknown outcome cannot be read: its provider is not asked", "payment", id, "error", err)
		return nil
	})
	return errors.Join(err, t.creditOwed(ctx))
}

// unawaited reports whether a payment has no sale that waits for it. That of a withdrawal has one,
// which asks the provider itself until the outcome is known.
func unawaited(reference string) bool {
	return comesBack(reference) || strings.HasPrefix(reference, topUpPrefix)
}

// KeepSettling calls Settle again and again until ctx ends. What fails is logged and tried again
// later.
func (t *Terminal) KeepSettling(ctx context.Context) {
	for s := (&Settling{}); ; {
		if err := t.Settle(ctx, s); err != nil && ctx.Err() == nil {
			t.Log().Warn("not all that was paid into accounts is credited yet", "error", err)
		}
		select {
		case <-time.After(settleFirst):
		case <-ctx.Done():
			return
		}
	}
}
