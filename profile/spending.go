package profile

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Account is what a sum is counted against: a principal, or a member within a
// group.
type Account string

func accountOf(p instrument.PrincipalID) Account { return Account(p) }

func memberAccount(group, member instrument.PrincipalID) Account {
	return Account(string(member) + "@" + string(group))
}

// Spending is a sum that counts against an account: reserved while its operation
// runs, spent once it has moved. It is on disk before the operation begins.
type Spending struct {
	Operation instrument.OperationID
	Account   Account
	Class     instrument.ClassID
	Amount    instrument.Amount
	Time      time.Time // when it was reserved; it counts in that day and month
	Spent     bool      // false: reserved
	Runner    string    // the life of the node that reserved it
}

// SpendingReader reads what counts.
type SpendingReader interface {
	// Reserved lists what accounts have reserved and not spent.
	Reserved(ctx context.Context, accounts ...Account) ([]Spending, error)
	// Spent is the sum of what an account has reserved and spent since then, in a
	// currency, with a class if one is given.
	Spent(ctx context.Context, a Account, currency string, class instrument.ClassID, since time.Time) (instrument.Amount, error)
}

// SpendingWriter changes what counts.
type SpendingWriter interface {
	// SpentNow is SpendingReader.Spent within the unit.
	SpentNow(a Account, currency string, class instrument.ClassID, since time.Time) (instrument.Amount, error)
	// Counted lists what counts for an operation.
	Counted(op instrument.OperationID) ([]Spending, error)
	// Count inserts or replaces what counts for an operation and an account.
	Count(s Spending) error
	// Uncount removes all that is reserved for an operation, or if moved is a sum,
	// makes it the sum that was spent. What was spent before stays.
	Uncount(op instrument.OperationID, moved instrument.Amount) error
}

// Fate is what has become of an operation.
type Fate int

// The fates of an operation.
const (
	Unseen  Fate = iota // nothing of it is on record
	Running             // it runs, was stopped, or has an unknown outcome: it may have moved the sum
	Failed              // it moved nothing
	Done                // it moved the sum
)

// orphanAge is how old a reservation of another process, which may still live, must be before
// it is given back because its operation is on no record. An operation gets on record within
// its deadline, or never.
const orphanAge = 10 * time.Minute

// Hold is what an operation has reserved. It is settled once, when somebody learns how the
// operation ended; nil holds nothing.
type Hold struct {
	m         *Manager
	op        instrument.OperationID
	reserved  []Spending
	finishing chan struct{} // holds one token while it is not settled
}

// account is one account against which a sum counts, with its limits.
type account struct {
	name   Account
	called string                       // the principal
	whose  string                       // for people; empty: the limits of the principal that acts
	limits func(Writer) (Limits, error) // as they are now
	before Limits                       // as they were a moment ago
}

// Reserve counts what an action may move against the limits of all whom it concerns: the
// principal, the person that it acts for, the groups whose instruments are used, and the
// principal as their member. It is called after the action was authorised and before
// anything leaves. When it returns, the reservation is on disk.
//
// It refuses a sum by which any limit would be exceeded, whoever else spends at the same
// time, and any sum with a class that one of them may not spend. If something else counts
// under the action's id, and may have moved a sum, it is fault.Conflict (reason
// ReasonCountsOtherwise). If another process that lives has reserved the same under that
// id and has not begun yet, it is fault.Locked.
//
// It reserves nothing and returns nil if nobody has a limit for a day, a month or an
// account, if the sum is zero, or if the operation has counted before.
func (m *Manager) Reserve(ctx context.Context, a Action) (*Hold, error) {
	if !a.Spends {
		return nil, nil
	}
	accounts, err := m.concerned(ctx, a)
	if err != nil {
		return nil, err
	}
	counts := false
	for _, c := range accounts {
		counts = counts || c.before.counts()
		if err := c.before.permits(a, m.clock()); err != nil {
			return nil, c.refuses(err)
		}
	}
	if !counts || a.Amount.IsZero() {
		return nil, nil
	}
	if a.ID == "" {
		return nil, fault.New(fault.Internal, "what may move a sum within limits needs an operation id").Because("operation-id-missing")
	}
	m.takeOff(a.ID)
	hold, err := m.count(ctx, a, accounts, nil)
	if errors.Is(err, errElsewhere) && m.isSeen(ctx, a.ID) {
		err = nil
	}
	if other, ok := errors.AsType[*otherwise](err); ok && m.isOver(ctx, other.before) {
		hold, err = m.count(ctx, a, accounts, other.before)
	}
	if AboveLimits(err) && m.reconcile(ctx, accounts) {
		hold, err = m.count(ctx, a, accounts, nil)
	}
	if hold == nil {
		m.land(a.ID)
	}
	return hold, err
}

// count is the unit of work of a reservation. It replaces what counts under the same id
// only if that is exactly over, which has ended.
func (m *Manager) count(ctx context.Context, a Action, accounts []account, over []Spending) (*Hold, error) {
	h := &Hold{m: m, op: a.ID, finishing: make(chan struct{}, 1)}
	h.finishing <- struct{}{}
	err := m.store.UpdateProfiles(ctx, func(w Writer) error {
		h.reserved = nil
		before, err := w.Counted(a.ID)
		if err != nil {
			return err
		}
		if len(before) > 0 {
			again, err := h.repeats(before, a, over)
			if err != nil || !again {
				return err
			}
			if !sameSums(before, a) {
				if err := w.Uncount(a.ID, instrument.Amount{}); err != nil {
					return err
				}
				before = nil
			}
		}
		if err := h.takeOver(w, before); err != nil {
			return err
		}
		for _, c := range accounts {
			if err := h.add(w, c, a); err != nil {
				return err
			}
		}
		if h.reserved != nil {
			m.hold(a.ID, h)
		}
		return nil
	})
	if err != nil || h.reserved == nil {
		m.release(a.ID, h)
		return nil, err
	}
	return h, nil
}

// add counts an action against an account that it does not count against yet.
func (h *Hold) add(w Writer, c account, a Action) error {
	if slices.ContainsFunc(h.reserved, func(s Spending) bool { return s.Account == c.name }) {
		return nil
	}
	now := h.m.clock()
	if err := c.fits(w, a, now); err != nil {
		return err
	}
	s := Spending{Operation: a.ID, Account: c.name, Class: a.Class, Amount: a.Amount, Time: now, Runner: h.m.runner}
	if err := w.Count(s); err != nil {
		return err
	}
	h.reserved = append(h.reserved, s)
	return nil
}

// fits compares the sum, and what counts already, with the limits as they are in this unit.
func (c account) fits(w Writer, a Action, now time.Time) error {
	limits, err := c.limits(w)
	if err != nil {
		return err
	}
	if err := limits.permits(a, now); err != nil {
		return c.refuses(err)
	}
	for _, b := range limits.bounds(a.Amount.Currency, a.Class, now) {
		if b.since.IsZero() {
			continue
		}
		spent, err := w.SpentNow(c.name, a.Amount.Currency, b.of, b.since)
		if err != nil {
			return err
		}
		sum, err := spent.Add(a.Amount)
		if err != nil {
			return err
		}
		if err := b.check(sum); err != nil {
			return c.refuses(err)
		}
	}
	return nil
}

// Settle ends a reservation: the sum that moved is spent; if it is zero, the reservation is
// given back. Later calls do nothing. A Hold that nobody settles is settled by Reconcile, or
// when the next action would exceed a limit.
func (h *Hold) Settle(ctx context.Context, moved instrument.Amount) error {
	if h == nil {
		return nil
	}
	if !h.finish() {
		return nil
	}
	return h.m.store.UpdateProfiles(ctx, func(w Writer) error {
		if moved.IsZero() {
			if taken, err := takenOver(w, h.op, h.m.runner); err != nil || taken {
				return err
			}
		} else { // even if it was taken for an orphan meanwhile and given back
			for _, s := range h.reserved {
				if err := w.Count(s); err != nil {
					return err
				}
			}
		}
		return w.Uncount(h.op, moved)
	})
}

// Sum is what is reserved.
func (h *Hold) Sum() instrument.Amount { return h.reserved[0].Amount }

// Leave keeps what is reserved until it is known what has become of the
// operation.
func (h *Hold) Leave() {
	if h != nil {
		h.finish()
	}
}

func (h *Hold) finish() bool {
	select {
	case <-h.finishing:
		h.m.release(h.op, h)
		h.m.land(h.op)
		return true
	default:
		return false
	}
}

// Owes is what counts against the credit line of a principal in a currency. Reservations
// whose operation has ended meanwhile are settled first.
func (m *Manager) Owes(ctx context.Context, p Principal, currency string) (instrument.Amount, error) {
	if err := m.settleEnded(ctx, []Account{accountOf(p.ID)}); err != nil {
		return instrument.Amount{}, err
	}
	since := p.Limits.CreditSince
	if since.IsZero() {
		since = time.Unix(0, 0)
	}
	return m.store.Spent(ctx, accountOf(p.ID), currency, "", since)
}
