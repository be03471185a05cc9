package profile

import (
	"context"
	"errors"
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// concerned are the accounts that an action counts against.
func (m *Manager) concerned(ctx context.Context, a Action) ([]account, error) {
	var out []account
	seen := map[Account]bool{}
	add := func(c account, err error) error {
		if err == nil && !seen[c.name] {
			seen[c.name] = true
			out = append(out, c)
		}
		return err
	}
	var err error
	if a.Fresh {
		err = add(ownAccount(a.Principal), nil)
	} else {
		err = add(m.principalAccount(ctx, a.Principal.ID))
	}
	if errors.Is(err, fault.NotFound) { // admitted without an account: nobody has set it limits
		err = nil
	}
	if err == nil && a.Principal.ActsFor != "" {
		var person account
		person, err = m.principalAccount(ctx, a.Principal.ActsFor)
		err = add(person.of("limits of "+person.called), err)
	}
	if err != nil || a.Instruments == nil {
		return out, err
	}
	named, err := a.Instruments(ctx)
	if err != nil {
		return nil, err
	}
	for _, i := range named {
		in, err := m.store.Memberships(ctx, i.Owner, a.Principal.ID)
		if err != nil {
			return nil, err
		}
		for _, s := range in {
			group, err := m.principalAccount(ctx, s.Group)
			if err := errors.Join(add(memberOf(s).of("your limits in "+group.called), nil), add(group.of("limits of "+group.called), err)); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func (m *Manager) principalAccount(ctx context.Context, id instrument.PrincipalID) (account, error) {
	p, err := m.store.Principal(ctx, id)
	p.ID = id
	return ownAccount(p), err
}

// ownAccount is the account of a principal that was read a moment ago.
func ownAccount(p Principal) account {
	return account{name: accountOf(p.ID), called: p.Name, before: p.Limits, limits: func(w Writer) (Limits, error) {
		now, err := w.Principal(p.ID)
		if err == nil && now.Disabled {
			err = disabled(now)
		}
		return now.Limits, err
	}}
}

func memberOf(s Membership) account {
	return account{name: memberAccount(s.Group, s.Member), before: s.Limits, limits: func(w Writer) (Limits, error) {
		now, err := w.Membership(s.Group, s.Member)
		return now.Limits, err
	}}
}

// of is an account whose limits are not simply those of who acts.
func (c account) of(whose string) account {
	c.whose = whose
	return c
}

// refuses is a refusal by the limits of an account, with whose they are.
func (c account) refuses(err error) error {
	if err == nil || c.whose == "" {
		return err
	}
	f := *fault.From(err)
	f.Message += " (" + c.whose + ")"
	return &f
}

// AboveLimits reports whether a refusal is one by a limit for days, months or an
// account. It may be one that an old reservation causes.
func AboveLimits(err error) bool {
	switch fault.ReasonOf(err) {
	case reasonDayLimit, reasonMonthLimit, reasonOverdrawn:
		return true
	}
	return false
}

// reconcile is Reconcile for some accounts, and reports whether it has changed anything. What
// cannot be found out stays reserved: that refuses too much and never too little. An account with
// many reservations is passed over if it was looked at a moment ago: somebody who asks for too
// much again and again must not have all of them read each time.
func (m *Manager) reconcile(ctx context.Context, accounts []account) bool {
	names := make([]Account, len(accounts))
	for n, c := range accounts {
		names[n] = c.name
	}
	if m.fate == nil || m.looks.rests(names[0], m.clock()) {
		return false
	}
	open, err := m.store.Reserved(ctx, names...)
	if err != nil || len(open) > settledAtOnce && !m.looks.begin(names[0], m.clock(), len(open)) {
		return false
	}
	settled, err := m.settleThose(ctx, open)
	return err == nil && settled > 0
}

// Reconcile settles what an earlier life has reserved and not settled, by what
// has become of the operations. It is called at start-up.
func (m *Manager) Reconcile(ctx context.Context) error {
	return m.settleEnded(ctx, nil)
}

// settledAtOnce is how many reservations are settled in one commit: a terminal may have
// many that nobody has looked at since they were decided.
const settledAtOnce = 256

// settleEnded is Reconcile for some accounts, or for all if none are named.
func (m *Manager) settleEnded(ctx context.Context, accounts []Account) error {
	if m.fate == nil {
		return nil
	}
	open, err := m.store.Reserved(ctx, accounts...)
	if err != nil {
		return err
	}
	_, err = m.settleThose(ctx, open)
	return err
}

// settleThose settles those of the open reservations whose operations have ended, and counts them.
func (m *Manager) settleThose(ctx context.Context, open []Spending) (settled int, err error) {
	for some := range slices.Chunk(open, settledAtOnce) {
		var over []ending
		for _, s := range some {
			ended, moved, err := m.ended(ctx, s)
			if err != nil {
				return settled, err
			}
			if ended {
				over = append(over, ending{s, moved})
			}
		}
		if len(over) == 0 {
			continue
		}
		if err := m.settleAll(ctx, over); err != nil {
			return settled, err
		}
		settled += len(over)
	}
	return settled, nil
}

// ending is a reservation whose operation is over, and what that has moved.
type ending struct {
	Spending
	moved instrument.Amount
}

// settleAll ends the reservations of operations of other lives, or that nobody has settled,
// but not of one that somebody has begun again meanwhile, in this life or another.
func (m *Manager) settleAll(ctx context.Context, over []ending) error {
	return m.store.UpdateProfiles(ctx, func(w Writer) error {
		for _, e := range over {
			if m.flights(e.Operation) > 0 {
				continue
			}
			if e.moved.IsZero() {
				taken, err := takenOver(w, e.Operation, e.Runner)
				if err != nil {
					return err
				}
				if taken {
					continue
				}
			}
			if err := w.Uncount(e.Operation, e.moved); err != nil {
				return err
			}
		}
		return nil
	})
}

// ended reports whether the operation of a reservation is over, and what it has
// moved.
func (m *Manager) ended(ctx context.Context, s Spending) (bool, instrument.Amount, error) {
	if m.flights(s.Operation) > 0 {
		return false, instrument.Amount{}, nil
	}
	return m.decided(ctx, s)
}

// decided is ended for whoever knows that nobody in this life holds it.
func (m *Manager) decided(ctx context.Context, s Spending) (bool, instrument.Amount, error) {
	fate, err := m.fate(ctx, s.Operation)
	neverWill := fate == Unseen && err == nil && m.isGone(s)
	if neverWill { // it may have come on record before its life ended
		fate, err = m.fate(ctx, s.Operation)
	}
	if err != nil {
		return false, instrument.Amount{}, err
	}
	switch fate {
	case Done:
		return true, s.Amount, nil
	case Failed:
		return true, instrument.Amount{}, nil
	case Unseen:
		return neverWill, instrument.Amount{}, nil
	}
	return false, instrument.Amount{}, nil
}

// isGone reports whether nothing more comes of a reservation in the life that made it.
// In this one it is not under way. In another one that lives it may be about to begin.
func (m *Manager) isGone(s Spending) bool {
	return s.Runner == m.runner || m.clock().Sub(s.Time) > orphanAge || m.gone != nil && m.gone(s.Runner)
}
