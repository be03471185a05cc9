package profile

import (
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Limits bound what somebody may move, per currency. No entry for a currency
// means no limit. Days and months are those of UTC, by the party's clock; what
// was moved before the first limit of a day or month was set is not counted.
type Limits struct {
	PerOperation map[string]instrument.Amount `json:"per_operation,omitempty"`
	PerDay       map[string]instrument.Amount `json:"per_day,omitempty"`
	PerMonth     map[string]instrument.Amount `json:"per_month,omitempty"`
	// Credit bounds all that was moved since CreditSince: what an account may owe.
	Credit      map[string]instrument.Amount `json:"credit,omitempty"`
	CreditSince time.Time                    `json:"credit_since,omitzero"`
	// Only names the classes of instruments that may be spent; empty: all.
	Only []instrument.ClassID `json:"only,omitempty"`
	// Classes are further limits for what is spent with instruments of one class.
	Classes map[instrument.ClassID]Limits `json:"classes,omitempty"`
}

// bound is one sum that must not be exceeded.
type bound struct {
	limit  instrument.Amount
	of     instrument.ClassID // counted; empty: all classes
	since  time.Time          // zero: one operation
	reason fault.Reason
	span   string // for people
}

// Reasons of a refusal by a limit.
const (
	reasonAboveLimit  fault.Reason = "above-limit"
	reasonDayLimit    fault.Reason = "above-day-limit"
	reasonMonthLimit  fault.Reason = "above-month-limit"
	reasonOverdrawn   fault.Reason = "credit-overdrawn"
	reasonClassBarred fault.Reason = "class-not-allowed"
)

// bounds are the bounds for a sum in a currency that is spent with a class now.
func (l Limits) bounds(currency string, class instrument.ClassID, now time.Time) []bound {
	out := l.plain(currency, now)
	for _, b := range l.Classes[class].plain(currency, now) {
		b.of, b.span = class, b.span+" with "+string(class)
		out = append(out, b)
	}
	return out
}

func (l Limits) plain(currency string, now time.Time) []bound {
	day, month := spans(now)
	begun := l.CreditSince
	if begun.IsZero() {
		begun = time.Unix(0, 0)
	}
	var out []bound
	add := func(limits map[string]instrument.Amount, since time.Time, reason fault.Reason, span string) {
		if limit, ok := limits[currency]; ok {
			out = append(out, bound{limit: limit, since: since, reason: reason, span: span})
		}
	}
	add(l.PerOperation, time.Time{}, reasonAboveLimit, "one operation")
	add(l.PerDay, day, reasonDayLimit, "one day")
	add(l.PerMonth, month, reasonMonthLimit, "one month")
	add(l.Credit, begun, reasonOverdrawn, "this account")
	return out
}

// spans are the beginnings of the present day and month.
func spans(now time.Time) (day, month time.Time) {
	now = now.UTC()
	return time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC), time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// counts reports whether spending has to be remembered for the limits to be kept.
func (l Limits) counts() bool {
	if len(l.PerDay)+len(l.PerMonth)+len(l.Credit) > 0 {
		return true
	}
	for _, c := range l.Classes {
		if c.counts() {
			return true
		}
	}
	return false
}

// permits refuses a class that may not be spent, whatever the price, and a sum above
// the limit for one operation.
func (l Limits) permits(a Action, now time.Time) error {
	sum, class := a.Amount, a.Class
	if len(l.Only) > 0 && (a.Spends || !sum.IsZero()) && !slices.Contains(l.Only, class) {
		return fault.New(fault.Denied, "instruments of class %s may not be spent here", class).Because(reasonClassBarred).
			WithHint("pay with another class of instrument")
	}
	for _, b := range l.bounds(sum.Currency, class, now) {
		if b.since.IsZero() {
			if err := b.check(sum); err != nil {
				return err
			}
		}
	}
	return nil
}

// check refuses a sum above the bound.
func (b bound) check(sum instrument.Amount) error {
	if c, err := sum.Cmp(b.limit); err == nil && c <= 0 {
		return nil
	}
	if b.since.IsZero() {
		return fault.New(fault.Denied, "%s is above the limit of %s for %s", sum, b.limit, b.span).
			Because(b.reason).WithHint("choose a smaller amount, or ask for a higher limit")
	}
	if b.reason == reasonOverdrawn {
		return fault.New(fault.Denied, "the credit line of %s would be overdrawn: it would come to %s", b.limit, sum).
			Because(b.reason).WithHint("settle the account, or ask for a higher credit line")
	}
	return fault.New(fault.Denied, "with this, %s would come to %s; the limit is %s", b.span, sum, b.limit).
		Because(b.reason).WithHint("wait for the next one, or ask for a higher limit")
}
