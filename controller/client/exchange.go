package client

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// Exchange is an exchange that the wallet knows.
type Exchange struct {
	ID     instrument.ID `json:"id"`
	Status string        `json:"status"`
	taler.ExchangeState
}

// Exchange finds an exchange by its base URL; fault.NotFound.
func (w *Wallet) Exchange(ctx context.Context, url string) (Exchange, error) {
	e, err := w.remembered(ctx, url)
	if err == nil && e.Status == taler.ExchangeRemoved {
		err = fault.New(fault.NotFound, "this wallet does not know the exchange %s any more", e.URL).Because("instrument-unknown").
			WithHint("add it again: `wallet exchange add`")
	}
	return e, err
}

// remembered is Exchange also for one that was removed.
func (w *Wallet) remembered(ctx context.Context, url string) (Exchange, error) {
	i, err := w.Instruments().Lookup(ctx, ClassExchange, "url", taler.ExchangeBase(url))
	if err != nil {
		return Exchange{}, err
	}
	return exchangeOf(i)
}

// Exchanges lists the exchanges that the wallet knows.
func (w *Wallet) Exchanges(ctx context.Context) ([]Exchange, error) {
	found, err := w.Usable(ctx, w.user, instrument.Filter{Class: ClassExchange})
	if err != nil {
		return nil, err
	}
	var out []Exchange
	for _, i := range found {
		if i.Status == taler.ExchangeRemoved {
			continue
		}
		e, err := exchangeOf(i)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

func exchangeOf(i instrument.Instance) (Exchange, error) {
	e := Exchange{ID: i.ID, Status: i.Status}
	err := i.Decode(&e.ExchangeState)
	return e, err
}

// AddExchange makes an exchange known, reads its keys and pins its master key.
// Adding one that is known reads its keys again. One that could not be asked is not
// kept, unless a person has named its master key.
func (w *Wallet) AddExchange(ctx context.Context, url string) (Exchange, error) {
	return w.TrustExchange(ctx, url, taler.EddsaPublicKey{})
}

// chosen is an exchange that a person has named to withdraw at. One that is known is
// asked only when the time of its keys is over.
func (w *Wallet) chosen(ctx context.Context, url string) (Exchange, error) {
	e, err := w.Exchange(ctx, url)
	if errors.Is(err, fault.NotFound) {
		return w.AddExchange(ctx, url)
	}
	if err != nil {
		return e, err
	}
	return w.fresh(ctx, e)
}

// TrustExchange is AddExchange for an exchange whose master key the person knows
// from elsewhere: another key is fault.Denied. The zero key is whichever the
// exchange shows at the first contact. Of an exchange that was removed it is
// remembered which key was trusted.
func (w *Wallet) TrustExchange(ctx context.Context, url string, master taler.EddsaPublicKey) (Exchange, error) {
	e, err := w.remembered(ctx, url)
	if errors.Is(err, fault.NotFound) {
		err = w.create(ctx, url, master)
		if err == nil {
			e, err = w.Exchange(ctx, url)
		}
	}
	if err != nil {
		return e, err
	}
	if !master.IsZero() && !e.MasterPub.IsZero() && master != e.MasterPub {
		return e, fault.New(fault.Denied, "the exchange %s is trusted with the master key %s, and not with %s", e.URL, e.MasterPub, master).
			Because(ReasonMasterKey).WithHint("do not use it before its operator or auditor has explained the change; then: `wallet exchange trust URL KEY --replace`")
	}
	if err := w.takeUp(ctx, e, master); err != nil {
		return e, err
	}
	now, err := w.refresh(ctx, e)
	if err != nil {
		w.forget(ctx, e)
		return e, err
	}
	return now, nil
}

// ReasonMasterKey marks another master key than the one that is trusted.
const ReasonMasterKey fault.Reason = "master-key-changed"

// ReplaceMasterKey trusts an exchange that is known by another master key from now
// on. The person has confirmed the change; the exchange has to show the new key, or
// nothing is changed. Its terms are accepted anew, and coins of the former key are
// kept apart.
func (w *Wallet) ReplaceMasterKey(ctx context.Context, url string, master taler.EddsaPublicKey) (Exchange, error) {
	e, err := w.Exchange(ctx, url)
	if err != nil {
		return e, err
	}
	if err := w.document(ctx, exchange(taler.OperationRefresh, taler.RefreshArgs{MasterPub: master}, e.ID), nil); err != nil {
		return e, err
	}
	return w.Exchange(ctx, url)
}

// takeUp takes an exchange up again that was removed, and records the master key by
// which it will be known if it has shown none so far.
func (w *Wallet) takeUp(ctx context.Context, e Exchange, master taler.EddsaPublicKey) error {
	if e.Status != taler.ExchangeRemoved && (master.IsZero() || !e.MasterPub.IsZero()) {
		return nil
	}
	return w.edit(ctx, e, func(now *Exchange) bool {
		if now.Status == taler.ExchangeRemoved {
			now.Status = taler.ExchangeNew
		}
		if now.MasterPub.IsZero() {
			now.MasterPub = master
		}
		return true
	})
}

// forget removes an exchange that could not be asked, and of which nothing is known
// but an address. It stays if that fails: nothing depends on it.
func (w *Wallet) forget(ctx context.Context, e Exchange) {
	_ = w.edit(context.WithoutCancel(ctx), e, func(now *Exchange) bool {
		gone := now.Status == taler.ExchangeNew && now.MasterPub.IsZero()
		if gone {
			now.Status = taler.ExchangeRemoved
		}
		return gone
	})
}

// edit changes what is recorded of an exchange, if change says so.
func (w *Wallet) edit(ctx context.Context, e Exchange, change func(*Exchange) bool) error {
	return w.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		i, err := tx.Get(e.ID)
		if err != nil {
			return err
		}
		now, err := exchangeOf(i)
		if err != nil || !change(&now) {
			return err
		}
		i.Status = now.Status
		if err := i.Encode(now.ExchangeState); err != nil {
			return err
		}
		return tx.Put(i)
	})
}

func (w *Wallet) create(ctx context.Context, url string, master taler.EddsaPublicKey) error {
	url = taler.ExchangeBase(url)
	i := instrument.Instance{Class: ClassExchange, Owner: profile.Everyone, Name: url, Status: taler.ExchangeNew, Keys: map[string]string{"url": url}}
	if err := i.Encode(taler.ExchangeState{URL: url, MasterPub: master}); err != nil {
		return err
	}
	return w.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		_, err := tx.Create(i)
		return err
	})
}

// fresh reads an exchange's keys again when their time is over.
func (w *Wallet) fresh(ctx context.Context, e Exchange) (Exchange, error) {
	if e.Status == taler.ExchangeActive && w.Now().Unix() < e.KeysExpire {
		return e, nil
	}
	return w.refresh(ctx, e)
}

func (w *Wallet) refresh(ctx context.Context, e Exchange) (Exchange, error) {
	if err := w.document(ctx, exchange(taler.OperationRefresh, nil, e.ID), nil); err != nil {
		return e, err
	}
	return w.Exchange(ctx, e.URL)
}

// hasShownKeys reports whether an exchange has shown its documents before: then its address
// is right, and a page that is none of its answers comes from somebody in front of it.
func (w *Wallet) hasShownKeys(ctx context.Context, exchange instrument.ID) bool {
	i, err := w.Instruments().View(ctx, exchange)
	if err != nil {
		return false
	}
	e, err := exchangeOf(i)
	return err == nil && e.KeysAt > 0
}

func exchange(operation string, args any, on instrument.ID) controller.Transaction {
	return controller.Transaction{
		Protocol: protocolExchange, Operation: operation, Class: ClassExchange, Instruments: []instrument.ID{on}, Args: args,
	}
}
