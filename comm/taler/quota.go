package taler

import (
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// WithdrawLimit says how much a user may withdraw now, and when that may become
// more.
type WithdrawLimit struct {
	Limit      Amount    `json:"limit"`
	Expiration Timestamp `json:"expiration"`
}

// WithdrawLimitLock reserves a part of a user's limit, so that a withdrawal that
// names the lock cannot fail for lack of it. Lock is the terminal's own word,
// unique per user.
type WithdrawLimitLock struct {
	Amount  Amount    `json:"amount"`
	Lock    string    `json:"lock"`
	Expires Timestamp `json:"expires"`
}

// Check refuses a request without its mandatory members or in another currency.
func (r WithdrawLimitLock) Check(currency string) error {
	switch {
	case r.Amount == Amount{}:
		return missing("amount")
	case r.Lock == "":
		return missing("lock")
	case len(r.Lock) > maxLock:
		return fault.New(fault.Invalid, "a lock has at most %d bytes", maxLock).Because(ReasonJSONInvalid)
	case r.Expires == 0:
		return missing("expires")
	}
	if err := CheckName("lock", r.Lock); err != nil {
		return err
	}
	if r.Amount.IsZero() { // it would have one of the user's places
		return fault.New(fault.Invalid, "a lock on nothing is none").Because(ReasonJSONInvalid)
	}
	return checkCurrency(r.Amount, currency)
}

const (
	maxLock  = 256 // bytes of a lock's name
	maxLocks = 64  // of one user at a time, and as many that were consumed
)

// QuotaRule is what the operator grants each user: so much within any so many
// seconds.
type QuotaRule struct {
	Amount Amount `json:"amount"`
	Within int64  `json:"within"`
}

// Quota is the bank's state of a taler-quota instance: what one user has
// withdrawn lately, and what is reserved for what comes. Times are unix seconds.
type Quota struct {
	User  string      `json:"user"`
	Uses  []QuotaUse  `json:"uses,omitempty"`
	Locks []QuotaLock `json:"locks,omitempty"`
	Spent []QuotaLock `json:"spent,omitempty"` // consumed before their end, lest a late request makes them once more: the latest
}

// QuotaLock is a reserved part.
type QuotaLock struct {
	Lock    string `json:"lock"`
	Amount  Amount `json:"amount"`
	Expires int64  `json:"expires"`
}

// Counted is q without what is over by now: withdrawals of before the rule's time,
// those that were aborted, and locks that have ended. What a wallet has chosen
// counts instead of what it might have.
func (q Quota) Counted(tx instrument.Tx, rule QuotaRule, now int64) (Quota, error) {
	out := Quota{User: q.User}
	for _, u := range q.Uses {
		if u.At+rule.Within <= now {
			continue
		}
		u, counts, err := u.now(tx)
		if err != nil {
			return Quota{}, err
		}
		if counts {
			out.Uses = append(out.Uses, u)
		}
	}
	out.Uses = together(out.Uses, rule)
	for _, l := range q.Locks {
		if l.Expires > now {
			out.Locks = append(out.Locks, l)
		}
	}
	for _, l := range q.Spent {
		if l.Expires > now {
			out.Spent = append(out.Spent, l)
		}
	}
	return out, nil
}

// Limit is what is left under a rule of a quota that was Counted.
func (q Quota) Limit(rule QuotaRule) (WithdrawLimit, error) {
	left, rises := rule.Amount, Never
	less := func(a Amount, until int64) (err error) {
		rises = min(rises, Timestamp(max(until, 0)))
		if c, err := a.Cmp(left); err != nil || c > 0 { // the operator grants less than before
			left = Amount{Currency: left.Currency}
			return err
		}
		left, err = left.Sub(a)
		return err
	}
	for _, u := range q.Uses {
		if err := less(u.Amount, u.At+rule.Within); err != nil {
			return WithdrawLimit{}, err
		}
	}
	for _, l := range q.Locks {
		if err := less(l.Amount, l.Expires); err != nil {
			return WithdrawLimit{}, err
		}
	}
	return WithdrawLimit{left, rises}, nil
}

// Reserve adds a lock to a quota that was Counted. The same lock again is no
// error, and lasts as long as the later of its ends. A lock ends with the rule's
// time at the latest; until its end one that was consumed is not made again
// (fault.Conflict with ReasonLockDiffers).
func (q *Quota) Reserve(rule QuotaRule, r WithdrawLimitLock, now int64) error {
	l := QuotaLock{r.Lock, r.Amount, now + rule.Within}
	if r.Expires < Timestamp(l.Expires) {
		l.Expires = int64(r.Expires)
	}
	if l.Expires <= now {
		return fault.New(fault.Invalid, "the lock is over already").Because(ReasonJSONInvalid)
	}
	if lockOf(q.Spent, r.Lock) >= 0 {
		return fault.New(fault.Conflict, "a withdrawal has consumed this user's lock of this name").Because(ReasonLockDiffers)
	}
	if n := lockOf(q.Locks, r.Lock); n >= 0 {
		if q.Locks[n].Amount != l.Amount {
			return fault.New(fault.Conflict, "this user has a lock of this name on another amount").Because(ReasonLockDiffers)
		}
		q.Locks[n].Expires = max(q.Locks[n].Expires, l.Expires)
		return nil
	}
	left, err := q.Limit(rule)
	if err != nil {
		return err
	}
	if c, err := r.Amount.Cmp(left.Limit); err != nil || c > 0 {
		return quotaExceeded("%s is more than this user may withdraw now: %s", r.Amount, left.Limit)
	}
	if len(q.Locks) >= maxLocks {
		return quotaExceeded("this user has %d locks already, and may have no more", len(q.Locks))
	}
	q.Locks = append(q.Locks, l)
	return nil
}

// Unlock gives a reserved part back; fault.NotFound with ReasonLockUnknown.
func (q *Quota) Unlock(name string) error {
	n := lockOf(q.Locks, name)
	if n < 0 {
		return fault.New(fault.NotFound, "this user has no such lock").Because(ReasonLockUnknown)
	}
	q.Locks = slices.Delete(q.Locks, n, n+1)
	return nil
}

// Use counts a withdrawal against a quota that was Counted, consuming the lock if
// one is named, and returns the most that it may be: its amount, or if that is
// not fixed the lock's or all that is left, and no more than is paid out at all;
// an absent bound is none.
func (q *Quota) Use(rule QuotaRule, w Withdrawal, lock string, bound Amount) (most Amount, err error) {
	if n := unfinished(q.Uses); n >= maxUses {
		return Amount{}, quotaExceeded("this user has %d withdrawals under way, and may have no more", n)
	}
	left, err := q.Limit(rule)
	if err != nil {
		return Amount{}, err
	}
	most = left.Limit
	exceeds := "%s is more than this user may withdraw now: %s"
	if lock != "" {
		n := lockOf(q.Locks, lock)
		if n < 0 {
			return Amount{}, fault.New(fault.Conflict, "this user has no such lock").Because(ReasonLockUnknown)
		}
		most, exceeds = q.Locks[n].Amount, "%s is more than the lock reserves: %s"
		q.Spent = append(q.Spent, q.Locks[n])
		q.Spent = q.Spent[max(0, len(q.Spent)-maxLocks):]
		q.Locks = slices.Delete(q.Locks, n, n+1)
	}
	if w.Amount == (Amount{}) {
		if most.IsZero() {
			return Amount{}, quotaExceeded("nothing is left of what this user may withdraw now")
		}
		most = Withdrawal{MaxAmount: most}.Most(bound)
	} else {
		if c, err := w.Amount.Cmp(most); err != nil || c > 0 {
			return Amount{}, quotaExceeded(exceeds, w.Amount, most)
		}
		most = w.Amount
	}
	q.Uses = append(q.Uses, QuotaUse{WOPID: w.WOPID, Amount: most, At: w.Created})
	return most, nil
}

func lockOf(locks []QuotaLock, name string) int {
	return slices.IndexFunc(locks, func(l QuotaLock) bool { return l.Lock == name })
}

func quotaExceeded(format string, args ...any) error {
	return fault.New(fault.Conflict, format, args...).Because(ReasonQuotaExceeded)
}
