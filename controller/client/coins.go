package client

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

const (
	firstPause = 200 * time.Millisecond
	longPause  = 10 * time.Second // unless Wallet.Longest says so
	// mends is how often one call puts right what keeps the exchange from making
	// coins, before a person has to look.
	mends = 5
)

// otherKeysMayHelp reports whether other keys may have what these have not.
func otherKeysMayHelp(err error) bool {
	reason := fault.ReasonOf(err)
	return reason == taler.ReasonNoDenominations || reason == taler.ReasonDenominationsForeign
}

func (w *Wallet) longest() time.Duration { return cmp.Or(w.Longest, longPause) }

// makeCoins has the exchange make coins of what has arrived, and is patient: an
// exchange that cannot be reached, or has lost its answer, is sent the same request
// again until ctx ends. What an exchange refuses for good is put right and asked
// for anew: with fresh keys, for what is really there, in the form that it has.
func (r *withdrawal) makeCoins(ctx context.Context, balance instrument.Amount) error {
	if err := r.consent(ctx, balance); err != nil {
		return err
	}
	m := minting{withdrawal: r, balance: balance}
	for pause := firstPause; ; pause = min(2*pause, r.w.longest()) {
		refusal := r.withdrawOnce(ctx, m.balance)
		if refusal == nil {
			return nil
		}
		if ctx.Err() != nil {
			return pending(ctx.Err(), coinsMissing)
		}
		atOnce, err := m.putRight(ctx, refusal)
		if err != nil {
			return err
		}
		if atOnce {
			continue
		}
		r.tellWaiting(coinsMissing + ": " + fault.From(refusal).Message)
		if sleep(ctx, pause) != nil {
			return pending(ctx.Err(), coinsMissing)
		}
	}
}

const coinsMissing = "the exchange has not made the coins yet"

// minting is what one call of makeCoins has put right so far.
type minting struct {
	*withdrawal
	balance instrument.Amount // what is there; zero: as much as was agreed to
	mended  int
	last    fault.Reason // of the refusal that was mended last
}

// putRight does about a refusal what can be done without a person, and asks them about fees that have
// risen. atOnce: another request follows without a pause. What a person has to look at is the error.
func (m *minting) putRight(ctx context.Context, refusal error) (atOnce bool, err error) {
	reason := fault.ReasonOf(refusal)
	if passing(refusal) && reason != taler.ReasonNoDenominations {
		return false, nil
	}
	if m.mended++; m.mended > mends {
		return false, refusal
	}
	if reason == taler.ReasonFeesRisen {
		return true, m.agreeToFees(ctx, m.balance)
	}
	another := reason != m.last // else mending has not helped
	m.last = reason
	m.balance, err = m.mend(ctx, refusal)
	if passing(err) {
		return false, nil
	}
	return another && asksAnew(refusal), err
}

// passing reports whether an error says only that nobody has answered.
func passing(err error) bool {
	return errors.Is(err, fault.Unavailable) || errors.Is(err, fault.Unknown) || errors.Is(err, fault.Timeout) || errors.Is(err, fault.Locked)
}

// asksAnew reports whether another request follows a refusal that was mended: the
// same one waits a little.
func asksAnew(refusal error) bool {
	switch fault.ReasonOf(refusal) {
	case taler.ReasonAnswerMalformed, taler.ReasonReserveUnknown, taler.ReasonEndpointUnknown, taler.ReasonCoinSignature, taler.ReasonRefusalUnproven, taler.ReasonNoDenominations, taler.ReasonDenominationsForeign:
		return false
	}
	return true
}

// mend puts right what can be put right without a person, and says how much there
// is. Any other error comes back as it is.
func (r *withdrawal) mend(ctx context.Context, refusal error) (balance instrument.Amount, err error) {
	switch fault.ReasonOf(refusal) {
	case taler.ReasonDenominationUnknown, taler.ReasonDenominationNotYet, taler.ReasonDenominationExpired,
		taler.ReasonDenominationRevoked, taler.ReasonDenominationKeyLost, taler.ReasonRefusalUnproven, taler.ReasonNoDenominations, taler.ReasonDenominationsForeign,
		taler.ReasonEndpointUnknown: // perhaps it speaks another version by now
		_, reserve, err := r.w.reserve(ctx, r.id)
		if err != nil {
			return balance, err
		}
		err = r.w.do(ctx, exchange(taler.OperationRefresh, nil, reserve.Exchange), nil)
		if err != nil || reserve.Batch == nil || reserve.Batch.Refused == "" {
			return balance, err
		}
		return r.arrived(ctx) // a refusal by mere word is held to what is there
	case taler.ReasonInsufficientFunds, taler.ReasonReserveUnknown:
		return r.arrived(ctx)
	case taler.ReasonAnswerMalformed, taler.ReasonCoinSignature:
		return balance, nil
	}
	return balance, refusal
}

func (r *withdrawal) withdrawOnce(ctx context.Context, balance instrument.Amount) error {
	_, reserve, err := r.w.reserve(ctx, r.id)
	if err != nil {
		return err
	}
	t := coins(taler.OperationWithdraw, taler.WithdrawArgs{Balance: balance, Fees: r.fees}, r.id)
	if t.Protocol, err = r.w.form(ctx, reserve); err != nil {
		return err
	}
	return r.w.do(ctx, t, nil)
}

// form is the protocol in which coins of a reserve are asked for: the one of the
// request that may have arrived already, else what is negotiated. An exchange has
// no negotiator of its own, so its part is what its version says that it has; of
// what both have the class of the reserve chooses.
func (w *Wallet) form(ctx context.Context, reserve taler.Reserve) (string, error) {
	if reserve.Batch != nil {
		return reserve.Batch.Form(), nil
	}
	i, err := w.Instruments().View(ctx, reserve.Exchange)
	if err != nil {
		return "", err
	}
	e, err := exchangeOf(i)
	if err != nil {
		return "", err
	}
	version, err := taler.ParseVersion(e.Version)
	if err != nil {
		return "", err
	}
	offered, err := taler.WithdrawProtocols(version)
	if err != nil {
		return "", err
	}
	ours := w.Protocols().Available(ClassReserve)
	common := slices.DeleteFunc(offered, func(id string) bool { return id == reserve.Lacks || !slices.Contains(ours, id) })
	if len(common) == 0 {
		return "", fault.New(fault.Unsupported, "no way to withdraw is common to this wallet and the exchange, which speaks %s", version).Because("no-common-protocol")
	}
	class, err := w.Instruments().Class(ClassReserve)
	if err != nil {
		return "", err
	}
	return class.Prefer(common, instrument.Circumstances{Connectivity: "https", Amount: reserve.Remainder})
}
