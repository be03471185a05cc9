package client

import (
	"cmp"
	"context"
	"slices"

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
	// Unchecked is in coins that came out of a backup and were not checked since. They
	// may have been spent, so Available does not count them; Coins does.
	Unchecked instrument.Amount `json:"unchecked,omitzero"`
	// MasterPub is set for coins that were made under a former master key of the
	// exchange: under its present key they are worth nothing.
	MasterPub string `json:"master_pub,omitempty"`
}

// Balances adds up coins and reserves, per currency and exchange. It starts no
// plugin.
func (w *Wallet) Balances(ctx context.Context) ([]Balance, error) {
	all := sums{}
	if err := w.addCoins(ctx, all); err != nil {
		return nil, err
	}
	if err := w.addReserves(ctx, all); err != nil {
		return nil, err
	}
	out := make([]Balance, 0, len(all))
	for _, b := range all {
		out = append(out, *b)
	}
	slices.SortFunc(out, func(a, b Balance) int {
		return cmp.Or(cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Exchange, b.Exchange), cmp.Compare(a.MasterPub, b.MasterPub))
	})
	return out, nil
}

// sums are balances by currency, exchange and former master key.
type sums map[[3]string]*Balance

func (s sums) of(a instrument.Amount, exchange, master string) *Balance {
	key := [3]string{a.Currency, exchange, master}
	if s[key] == nil {
		zero := instrument.ZeroOf(a.Currency)
		s[key] = &Balance{Currency: a.Currency, Exchange: exchange, Available: zero, Pending: zero, Unchecked: zero, MasterPub: master}
	}
	return s[key]
}

func (w *Wallet) addCoins(ctx context.Context, to sums) error {
	keys, err := w.masterKeys(ctx)
	if err != nil {
		return err
	}
	unchecked, err := w.uncheckedIDs(ctx)
	if err != nil {
		return err
	}
	held, err := w.Usable(ctx, w.user, instrument.Filter{Class: ClassCoin, Status: taler.CoinFresh})
	if err != nil {
		return err
	}
	for _, i := range held {
		is, err := worthOf(i)
		if err != nil {
			return err
		}
		value, err := instrument.ParseAmount(is.Value)
		if err != nil {
			return err
		}
		b := to.of(value, is.Exchange, keys.former(is.Exchange, is.Master))
		into := &b.Available
		if unchecked[i.ID] {
			into = &b.Unchecked
		}
		*into = addCapped(*into, value)
		b.Coins++
	}
	return nil
}

func (w *Wallet) addReserves(ctx context.Context, to sums) error {
	reserves, err := w.Instruments().List(ctx, instrument.Filter{Class: ClassReserve, Owner: w.user.ID})
	if err != nil {
		return err
	}
	for _, i := range reserves {
		if i.Status != taler.ReserveSelected && i.Status != taler.ReserveSent && i.Status != taler.ReserveFailed {
			continue
		}
		var r taler.Reserve
		if err := i.Decode(&r); err != nil {
			return err
		}
		b := to.of(r.Amount, r.ExchangeURL, "")
		b.Pending = addCapped(b.Pending, r.Remainder)
	}
	return nil
}

// addCapped is the sum, or the largest amount that there is if the sum is larger. An exchange
// that makes coins of absurd value must not keep the coins of others from being counted.
func addCapped(sum, more instrument.Amount) instrument.Amount {
	if both, err := sum.Add(more); err == nil {
		return both
	}
	return instrument.Amount{Currency: sum.Currency, Value: instrument.MaxValue}
}

func (w *Wallet) uncheckedIDs(ctx context.Context) (map[instrument.ID]bool, error) {
	if w.Unchecked == nil {
		return nil, nil
	}
	ids, err := w.Unchecked(ctx)
	out := make(map[instrument.ID]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out, err
}

// heldAt is what the wallet has at an exchange, in coins and in money that will become
// coins: the exchange limits this sum.
func (w *Wallet) heldAt(ctx context.Context, exchange, currency string) (instrument.Amount, error) {
	held := instrument.ZeroOf(currency)
	all, err := w.Balances(ctx)
	if err != nil {
		return held, err
	}
	for _, b := range all {
		if b.Exchange != exchange || b.Currency != currency || b.MasterPub != "" {
			continue
		}
		for _, a := range []instrument.Amount{b.Available, b.Pending, b.Unchecked} {
			held = addCapped(held, a)
		}
	}
	return held, nil
}

// Coins lists the coins that can be spent. MasterPub is set only in those that were made
// under a former master key of their exchange.
func (w *Wallet) Coins(ctx context.Context) ([]taler.Coin, error) {
	keys, err := w.masterKeys(ctx)
	if err != nil {
		return nil, err
	}
	found, err := w.Usable(ctx, w.user, instrument.Filter{Class: ClassCoin, Status: taler.CoinFresh})
	if err != nil {
		return nil, err
	}
	out := make([]taler.Coin, len(found))
	for n, i := range found {
		if err := i.Decode(&out[n]); err != nil {
			return nil, err
		}
		made := ""
		if !out[n].MasterPub.IsZero() {
			made = out[n].MasterPub.String()
		}
		former := keys.former(out[n].ExchangeURL, made)
		out[n].MasterPub = taler.EddsaPublicKey{}
		if former != "" {
			if err := out[n].MasterPub.UnmarshalText([]byte(former)); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
