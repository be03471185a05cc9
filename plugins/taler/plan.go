package taler

import (
	"cmp"
	"math/big"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

const (
	// batchSize is how many coins go into one request.
	batchSize = 64
	// maxCoins is how many coins one withdrawal makes, in several requests.
	maxCoins = 1024
	// lateMargin is how long a denomination must still last, so that it does not end while
	// the request is under way.
	lateMargin = 5 * time.Minute
)

// plan chooses coins for an amount, at most limit of them: the largest first, as
// many as fit with their fees. What is left is too small for any coin, unless the
// limit was met.
func plan(denominations []taler.Denomination, amount taler.Amount, limit int, now time.Time) (coins []taler.PlannedCoins, left taler.Amount, err error) {
	left = amount
	for _, d := range usable(denominations, amount.Currency, now) {
		cost, err := d.Value.Add(d.FeeWithdraw)
		if err != nil {
			continue // it costs more than any amount
		}
		n := min(fitting(left, cost), limit)
		if n == 0 {
			continue
		}
		spent, err := cost.Mul(uint32(n))
		if err != nil {
			return nil, taler.Amount{}, err
		}
		if left, err = left.Sub(spent); err != nil {
			return nil, taler.Amount{}, err
		}
		limit -= n
		coins = append(coins, taler.PlannedCoins{Denomination: d, Count: n})
	}
	return coins, left, nil
}

// usable lists the denominations of which coins may be made now, the best first: large
// before small, then cheap, then lasting. It leaves out coins that nobody would take any
// more or that cost more than they are worth.
func usable(all []taler.Denomination, currency string, now time.Time) []taler.Denomination {
	var out []taler.Denomination
	for _, d := range all {
		if offered(d, currency, now) && !dear(d) {
			out = append(out, d)
		}
	}
	slices.SortStableFunc(out, func(a, b taler.Denomination) int {
		return cmp.Or(compare(b.Value, a.Value), compare(a.FeeWithdraw, b.FeeWithdraw), cmp.Compare(b.StampExpireDeposit, a.StampExpireDeposit))
	})
	return out
}

// offered reports whether an exchange makes coins of a denomination now, and whether they
// will still be accepted once the wallet has them.
func offered(d taler.Denomination, currency string, now time.Time) bool {
	late := timestamp(now.Add(lateMargin))
	return d.Value.Currency == currency && !d.Value.IsZero() && d.StampStart <= timestamp(now) && late < min(d.StampExpireWithdraw, d.StampExpireDeposit)
}

// dear reports whether a coin costs more than it is worth, when it is made or when it is
// deposited.
func dear(d taler.Denomination) bool {
	return compare(d.FeeWithdraw, d.Value) > 0 || compare(d.FeeDeposit, d.Value) > 0
}

// compare orders amounts of one currency.
func compare(a, b taler.Amount) int {
	return cmp.Or(cmp.Compare(a.Value, b.Value), cmp.Compare(a.Fraction, b.Fraction))
}

// fitting is how often cost goes into amount, at most maxCoins+1.
func fitting(amount, cost taler.Amount) int {
	n := new(big.Int).Quo(amount.Fractions(), cost.Fractions())
	if !n.IsInt64() || n.Int64() > maxCoins {
		return maxCoins + 1
	}
	return int(n.Int64())
}

// totals sums up a plan: coins, their value and the fees for withdrawing them.
func totals(coins []taler.PlannedCoins, currency string) (n int, value, fees taler.Amount, err error) {
	value, fees = instrument.ZeroOf(currency), instrument.ZeroOf(currency)
	for _, p := range coins {
		v, err := p.Denomination.Value.Mul(uint32(p.Count))
		if err != nil {
			return 0, value, fees, err
		}
		f, err := p.Denomination.FeeWithdraw.Mul(uint32(p.Count))
		if err != nil {
			return 0, value, fees, err
		}
		if value, err = value.Add(v); err != nil {
			return 0, value, fees, err
		}
		if fees, err = fees.Add(f); err != nil {
			return 0, value, fees, err
		}
		n += p.Count
	}
	return n, value, fees, nil
}

// outdated reports whether more could be made of an amount when the keys were read
// than now: denominations have ended since, and the exchange may list others.
func outdated(e taler.ExchangeState, amount taler.Amount, now time.Time) bool {
	then, _, err := plan(e.Denominations, amount, 1, time.Unix(e.KeysAt, 0))
	if err != nil || len(then) == 0 {
		return false
	}
	coins, _, err := plan(e.Denominations, amount, 1, now)
	return err == nil && len(coins) == 0
}

func noLonger() error {
	return noDenominations("denominations of this exchange have ended since its keys were read")
}

func noDenominations(why string) error {
	return fault.New(fault.Unavailable, "%s", why).Because(taler.ReasonNoDenominations).
		WithHint("ask the exchange's operator when it makes coins again, or use another exchange")
}

// outlook plans a whole amount as a person may ask for it, and says why it
// cannot be withdrawn.
func outlook(e taler.ExchangeState, amount, held taler.Amount, now time.Time) (taler.PreviewResult, error) {
	if err := offersNone(e, amount.Currency, now); err != nil {
		return taler.PreviewResult{}, err
	}
	coins, left, err := plan(e.Denominations, amount, maxCoins+1, now)
	if err == nil && outdated(e, left, now) {
		err = noLonger()
	}
	if err != nil {
		return taler.PreviewResult{}, err
	}
	n, value, fees, err := totals(coins, e.Currency)
	switch {
	case err != nil:
		return taler.PreviewResult{}, err
	case n == 0:
		return taler.PreviewResult{}, tooSmall(e, amount, now)
	case n > maxCoins:
		return taler.PreviewResult{}, fault.New(fault.Invalid, "%s would be more than %d coins", amount, maxCoins).
			Because(reasonMany).WithHint("withdraw it in several parts")
	}
	identify, err := limited(e, amount, held)
	if err != nil {
		return taler.PreviewResult{}, err
	}
	return taler.PreviewResult{Coins: n, Amount: value, Fees: fees, Remainder: left, Identify: identify, Denominations: kinds(coins)}, nil
}

// offersNone says why an exchange makes no coins of any amount in a currency now.
func offersNone(e taler.ExchangeState, currency string, now time.Time) error {
	switch {
	case currency != e.Currency:
		return fault.New(fault.Invalid, "this exchange deals in %s, not in %s", e.Currency, currency).Because(taler.ReasonCurrencyMismatch)
	case e.NoneHere() != "":
		f := fault.New(fault.Unsupported, "%s", e.NoneHere()).Because(taler.ReasonDenominationsForeign)
		if e.Short > 0 {
			return f.WithHint("use another exchange: coins of keys that short can be forged, whatever wallet holds them")
		}
		return f.WithHint("this wallet makes coins with RSA signatures and without an age; use another exchange, or for this one another wallet")
	case len(usable(e.Denominations, currency, now)) > 0:
		return nil
	case slices.ContainsFunc(e.Denominations, func(d taler.Denomination) bool { return offered(d, currency, now) }):
		return fault.New(fault.Denied, "every coin of this exchange costs more than it is worth").Because(reasonDear).
			WithHint("use another exchange")
	}
	return noDenominations("no denomination of this exchange can be used now")
}

// kinds are the coins of a plan by their values; one value may have several denominations.
func kinds(coins []taler.PlannedCoins) (out []taler.PreviewCoins) {
	for _, p := range coins {
		last := len(out) - 1
		if last >= 0 && out[last].Value == p.Denomination.Value {
			out[last].Count += p.Count
			continue
		}
		out = append(out, taler.PreviewCoins{Value: p.Denomination.Value, Count: p.Count})
	}
	return out
}

// limited refuses an amount above the exchange's limits for one withdrawal and for what a
// wallet holds. Limits over a time are left to the exchange, which counts what was withdrawn
// before.
func limited(e taler.ExchangeState, amount, held taler.Amount) (identify bool, err error) {
	for _, l := range e.ZeroLimits {
		identify = identify || l.OperationType == taler.LimitWithdraw || l.OperationType == taler.LimitBalance
	}
	for _, l := range e.HardLimits {
		sum := amount
		switch {
		case l.OperationType != taler.LimitWithdraw && l.OperationType != taler.LimitBalance:
			continue
		case l.OperationType == taler.LimitBalance && held.Currency == amount.Currency:
			if sum, err = sum.Add(held); err != nil {
				return false, err
			}
		}
		if compare(sum, l.Threshold) <= 0 {
			continue
		}
		if !l.SoftLimit && l.Threshold.IsZero() {
			return false, fault.New(fault.Denied, "the exchange lets nobody %s anything now", verbOf(l.OperationType)).
				Because(reasonLimit).WithHint(tellOperator)
		}
		if !l.SoftLimit {
			return false, fault.New(fault.Denied, "the exchange lets nobody %s more than %s", verbOf(l.OperationType), l.Threshold).
				Because(reasonLimit).WithHint("ask for less")
		}
		identify = true
	}
	return identify, nil
}

func verbOf(operation string) string {
	if operation == taler.LimitBalance {
		return "hold"
	}
	return "withdraw"
}

// Reasons for which no coins are made of an amount.
const (
	reasonTooSmall fault.Reason = "amount-too-small"
	reasonDear     fault.Reason = "fees-exceed-value" // of every coin
	reasonLimit    fault.Reason = "limit-exceeded"
	reasonMany     fault.Reason = "too-many-coins"
)

func tooSmall(e taler.ExchangeState, amount taler.Amount, now time.Time) error {
	all := usable(e.Denominations, e.Currency, now)
	least := slices.MinFunc(all, func(a, b taler.Denomination) int { return compare(a.Value, b.Value) })
	return fault.New(fault.Invalid, "%s is too small for any coin of this exchange", amount).Because(reasonTooSmall).
		WithHint("its smallest coin is of %s, for a fee of %s", least.Value, least.FeeWithdraw)
}

// there says why no coins can be made of money that has arrived already. Its advice leaves out
// what could only be done before.
func there(err error) error {
	f := fault.From(err)
	switch f.Reason {
	case reasonTooSmall:
		return f.WithHint("%s; what is there goes back when the reserve is closed", f.Hint)
	case taler.ReasonNoDenominations, taler.ReasonDenominationsForeign, reasonDear, reasonLimit, reasonMany:
		return f.WithHint("ask the exchange's operator when that changes; what is there goes back when the reserve is closed")
	}
	return err
}

func timestamp(t time.Time) taler.Timestamp { return taler.Timestamp(max(t.Unix(), 0)) }
