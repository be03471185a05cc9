package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// Balance is what the wallet holds of one currency at one exchange.
type Balance struct {
	Currency  string            `json:"currency"`
	Exchange  string            `json:"exchange"`
	Available instrument.Amount `json:"available"` // in coins
	Pending   instrument.Amount `json:"pending"`   // in reserves that are not coins yet
	Coins     int               `json:"coins"`
}

// Balances adds up coins and reserves, per currency and exchange. It starts no
// plugin.
func (w *Wallet) Balances(ctx context.Context) ([]Balance, error) {
	sums := map[[2]string]*Balance{}
	of := func(a instrument.Amount, exchange string) *Balance {
		key := [2]string{a.Currency, exchange}
		if sums[key] == nil {
			zero := instrument.ZeroOf(a.Currency)
			sums[key] = &Balance{Currency: a.Currency, Exchange: exchange, Available: zero, Pending: zero}
		}
		return sums[key]
	}
	held, err := w.Usable(ctx, w.user, instrument.Filter{Class: ClassCoin, Status: taler.CoinFresh})
	if err != nil {
		return nil, err
	}
	for _, i := range held {
		value, exchange, err := worth(i)
		if err != nil {
			return nil, err
		}
		b := of(value, exchange)
		if b.Available, err = b.Available.Add(value); err != nil {
			return nil, err
		}
		b.Coins++
	}
	reserves, err := w.Instruments().List(ctx, instrument.Filter{Class: ClassReserve, Owner: w.user.ID})
	if err != nil {
		return nil, err
	}
	for _, i := range reserves {
		if i.Status != taler.ReserveSelected && i.Status != taler.ReserveSent && i.Status != taler.ReserveFailed {
			continue
		}
		var r taler.Reserve
		if err := i.Decode(&r); err != nil {
			return nil, err
		}
		b := of(r.Amount, r.ExchangeURL)
		if b.Pending, err = b.Pending.Add(r.Remainder); err != nil {
			return nil, err
		}
	}
	out := make([]Balance, 0, len(sums))
	for _, b := range sums {
		out = append(out, *b)
	}
	slices.SortFunc(out, func(a, b Balance) int {
		return cmp.Or(cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Exchange, b.Exchange))
	})
	return out, nil
}

// worth is what a coin is worth, and where. It reads no further than to these
// two: they stand in front, and keys and signatures take most of the time to read.
func worth(coin instrument.Instance) (value instrument.Amount, exchange string, err error) {
	d := json.NewDecoder(bytes.NewReader(coin.State))
	_, err = d.Token() // the bracket
	for found := 0; err == nil && found < 2; {
		var name json.Token
		var other json.RawMessage
		if name, err = d.Token(); err != nil {
			break
		}
		switch name {
		case "value":
			found, err = found+1, d.Decode(&value)
		case "exchange_url":
			found, err = found+1, d.Decode(&exchange)
		default:
			err = d.Decode(&other)
		}
	}
	if err != nil {
		return value, exchange, fault.Wrap(err, fault.Internal, "what the coin %s is worth cannot be read", coin.ID)
	}
	return value, exchange, nil
}

// heldAt is what the wallet has at an exchange, coins and what is to become coins:
// what the exchange's limit is about.
func (w *Wallet) heldAt(ctx context.Context, exchange, currency string) (instrument.Amount, error) {
	held := instrument.ZeroOf(currency)
	all, err := w.Balances(ctx)
	if err != nil {
		return held, err
	}
	for _, b := range all {
		if b.Exchange != exchange || b.Currency != currency {
			continue
		}
		for _, a := range []instrument.Amount{b.Available, b.Pending} {
			if held, err = held.Add(a); err != nil {
				return held, err
			}
		}
	}
	return held, nil
}

// Coins lists the coins that can be spent.
func (w *Wallet) Coins(ctx context.Context) ([]taler.Coin, error) {
	found, err := w.Usable(ctx, w.user, instrument.Filter{Class: ClassCoin, Status: taler.CoinFresh})
	if err != nil {
		return nil, err
	}
	out := make([]taler.Coin, len(found))
	for n, i := range found {
		if err := i.Decode(&out[n]); err != nil {
			return nil, err
		}
	}
	return out, nil
}
