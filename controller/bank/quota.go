package bank

import (
	"context"
	"errors"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// ClassQuota is the class of what one user may withdraw: one instance for each user whom a
// terminal has named.
const ClassQuota = taler.ClassQuota

// Quotas is what each user may withdraw within any such time. The zero value
// limits nobody, and then there are no quotas to ask for.
type Quotas struct {
	Amount taler.Amount
	Within time.Duration
}

// rule is nil when nobody is limited.
func (q Quotas) rule() *taler.QuotaRule {
	if q.Amount == (taler.Amount{}) {
		return nil
	}
	return &taler.QuotaRule{Amount: q.Amount, Within: int64(max(q.Within, time.Second) / time.Second)}
}

// HasQuotas is fault.NotFound where nobody is limited, as if there were no such path.
func (b *Bank) HasQuotas() error {
	if b.cfg.Quotas.rule() == nil {
		return fault.New(fault.NotFound, "this bank has no quotas").Because(taler.ReasonEndpointUnknown)
	}
	return nil
}

// Quota says what a user may withdraw now. Without quotas its error is that of HasQuotas.
func (b *Bank) Quota(ctx context.Context, user string) (taler.WithdrawLimit, error) {
	return b.quota(ctx, user, nil)
}

// LockQuota reserves a part of what a user may withdraw. It says what is left even if that
// is not enough (fault.Conflict with ReasonQuotaExceeded).
func (b *Bank) LockQuota(ctx context.Context, user string, r taler.WithdrawLimitLock) (taler.WithdrawLimit, error) {
	if err := b.HasQuotas(); err != nil {
		return taler.WithdrawLimit{}, err
	}
	if err := r.Check(b.cfg.Currency); err != nil {
		return taler.WithdrawLimit{}, err
	}
	out, err := b.quota(ctx, user, func(q *taler.Quota, rule taler.QuotaRule, now int64) error { return q.Reserve(rule, r, now) })
	if fault.ReasonOf(err) == taler.ReasonQuotaExceeded {
		left, failed := b.Quota(ctx, user)
		if failed != nil {
			return out, failed
		}
		return left, err
	}
	return out, err
}

// UnlockQuota gives a reserved part back; fault.NotFound with ReasonLockUnknown.
func (b *Bank) UnlockQuota(ctx context.Context, user, lock string) error {
	_, err := b.quota(ctx, user, func(q *taler.Quota, _ taler.QuotaRule, _ int64) error { return q.Unlock(lock) })
	return err
}

// quota changes a user's quota, if change is wanted, and says what is left.
func (b *Bank) quota(ctx context.Context, user string, change func(*taler.Quota, taler.QuotaRule, int64) error) (taler.WithdrawLimit, error) {
	if err := b.HasQuotas(); err != nil {
		return taler.WithdrawLimit{}, err
	}
	rule := b.cfg.Quotas.rule()
	if len(user) > maxUser || taler.CheckName("user", user) != nil { // the name is part of the path, so it was not checked with the body
		return taler.WithdrawLimit{}, fault.New(fault.Invalid, "a user is at most %d bytes of printable characters", maxUser).Because(taler.ReasonParameterMalformed)
	}
	if change != nil {
		if err := b.knowUser(ctx, user); err != nil {
			return taler.WithdrawLimit{}, err
		}
	}
	var left taler.WithdrawLimit
	err := b.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		i, q, err := quotaOf(tx, user)
		if err != nil && (change != nil || !errors.Is(err, fault.NotFound)) {
			return err
		}
		now := b.Now().Unix()
		if q, err = q.Counted(tx, *rule, now); err != nil {
			return err
		}
		if change != nil {
			if err := change(&q, *rule, now); err != nil {
				return err
			}
			if err := i.Encode(q); err != nil {
				return err
			}
			if err := tx.Put(i); err != nil {
				return err
			}
		}
		left, err = q.Limit(*rule)
		return err
	})
	return left, err
}

func quotaOf(tx instrument.Tx, user string) (instrument.Instance, taler.Quota, error) {
	q := taler.Quota{User: user}
	id, err := tx.Find(ClassQuota, "user", user)
	if err != nil {
		return instrument.Instance{}, q, err
	}
	i, err := tx.Get(id)
	if err != nil {
		return i, q, err
	}
	err = i.Decode(&q)
	return i, q, err
}

// maxUser bounds the name of a user.
const maxUser = 256

// knowUser makes the record of a user who was not named before.
func (b *Bank) knowUser(ctx context.Context, user string) error {
	if len(user) > maxUser {
		return fault.New(fault.Invalid, "a user has at most %d bytes", maxUser).Because(taler.ReasonJSONInvalid)
	}
	_, err := b.Instruments().Find(ctx, ClassQuota, "user", user)
	if !errors.Is(err, fault.NotFound) {
		return err
	}
	self, err := b.self(ctx)
	if err != nil {
		return err
	}
	i := instrument.Instance{Class: ClassQuota, Owner: self.ID, Status: "open", Keys: map[string]string{"user": user}}
	if err := i.Encode(taler.Quota{User: user}); err != nil {
		return err
	}
	err = b.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		_, err := tx.Create(i)
		return err
	})
	if fault.ReasonOf(err) == "user-taken" {
		return nil // by a request at the same time
	}
	return err
}
