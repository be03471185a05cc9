package client

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// RemoveExchange gives an exchange up. While the wallet has coins of it, or money
// may still come to it, that is fault.Conflict.
func (w *Wallet) RemoveExchange(ctx context.Context, url string) error {
	e, err := w.Exchange(ctx, url)
	if err != nil {
		return err
	}
	all, err := w.Balances(ctx)
	if err != nil {
		return err
	}
	for _, b := range all {
		if b.Exchange == e.URL {
			return fault.New(fault.Conflict, "this wallet has %s of that exchange, and %s that are to become coins", fault.Count(b.Coins, "coin"), b.Pending).
				Because("exchange-in-use").WithHint("look at `wallet balance`")
		}
	}
	withdrawals, err := w.Withdrawals(ctx)
	if err != nil {
		return err
	}
	for _, x := range withdrawals {
		if x.Exchange == e.URL && x.Status == taler.ReserveCreated {
			return fault.New(fault.Conflict, "the withdrawal %s from that exchange has not ended", x.Operation).
				Because("exchange-in-use").WithHint("go on with it, or give it up: `wallet withdraw abort %s`", x.Operation)
		}
	}
	others, err := w.neededByOthers(ctx, e)
	if err != nil {
		return err
	}
	if others {
		return fault.New(fault.Conflict, "somebody else of this wallet has money at that exchange, or at one that only they can see").Because("exchange-in-use").
			WithHint("ask them to pay with it, or to give their withdrawals up")
	}
	return w.edit(ctx, e, func(now *Exchange) bool {
		now.Status = taler.ExchangeRemoved
		return true
	})
}

// neededByOthers reports whether another principal of this wallet has coins of an
// exchange, or money that may still come to it. What only that principal can open may be
// of any exchange, so it counts for each. What nobody can open does not count.
func (w *Wallet) neededByOthers(ctx context.Context, e Exchange) (bool, error) {
	for class, statuses := range map[instrument.ClassID][]string{
		ClassCoin:    {taler.CoinFresh},
		ClassReserve: {taler.ReserveCreated, taler.ReserveSelected, taler.ReserveSent, taler.ReserveFailed},
	} {
		for _, status := range statuses {
			if needed, err := w.othersHave(ctx, instrument.Filter{Class: class, Status: status}, e.URL); needed || err != nil {
				return needed, err
			}
		}
	}
	return false, nil
}

// othersHave reports whether one of the chosen coins or reserves belongs to another principal
// and is, or may be, of the exchange at url.
func (w *Wallet) othersHave(ctx context.Context, f instrument.Filter, url string) (found bool, err error) {
	err = w.Instruments().Walk(ctx, f, func(i instrument.Instance) (more bool, err error) {
		if i.Owner == w.user.ID {
			return true, nil
		}
		var at struct {
			URL string `json:"exchange_url"`
		}
		err = i.Decode(&at)
		found = found || at.URL == url
		return !found, err
	}, func(_ instrument.ID, err error) error {
		switch {
		case fault.ReasonOf(err) == "seal-broken": // most are of somebody who was removed: nobody will pay with it
			return nil
		case !errors.Is(err, fault.Locked):
			return err
		}
		found = true
		return nil
	})
	return found, err
}
