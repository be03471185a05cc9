package profile

import (
	"context"
	"time"

	"github.com/swaperoo/swaperoo/instrument"
)

// Used is what counts by now against the limits l for the present day and month, each sum in the
// place of its limit. l are the limits of the principal who or, if group is set, those of who as
// its member. Reservations whose operation has ended meanwhile are settled first.
func (m *Manager) Used(ctx context.Context, l Limits, who, group instrument.PrincipalID) (Limits, error) {
	a := accountOf(who)
	if group != "" {
		a = memberAccount(group, who)
	}
	if !l.counts() {
		return Limits{}, nil
	}
	if err := m.settleEnded(ctx, []Account{a}); err != nil {
		return Limits{}, err
	}
	out, err := m.used(ctx, l, a, "")
	for class, of := range l.Classes {
		if err != nil || !of.counts() {
			continue
		}
		if out.Classes == nil {
			out.Classes = map[instrument.ClassID]Limits{}
		}
		out.Classes[class], err = m.used(ctx, of, a, class)
	}
	return out, err
}

func (m *Manager) used(ctx context.Context, l Limits, a Account, class instrument.ClassID) (out Limits, err error) {
	day, month := spans(m.clock())
	if out.PerDay, err = m.sums(ctx, l.PerDay, a, class, day); err != nil {
		return out, err
	}
	out.PerMonth, err = m.sums(ctx, l.PerMonth, a, class, month)
	return out, err
}

func (m *Manager) sums(ctx context.Context, limits map[string]instrument.Amount, a Account, class instrument.ClassID, since time.Time) (map[string]instrument.Amount, error) {
	if len(limits) == 0 {
		return nil, nil
	}
	out := make(map[string]instrument.Amount, len(limits))
	for currency := range limits {
		sum, err := m.store.Spent(ctx, a, currency, class, since)
		if err != nil {
			return nil, err
		}
		out[currency] = sum
	}
	return out, nil
}
