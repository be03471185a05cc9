package client

import (
	"context"
	"errors"
	"strings"

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
	url = based(url)
	i, err := w.Instruments().Lookup(ctx, ClassExchange, "url", url)
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
	out := make([]Exchange, len(found))
	for n, i := range found {
		if out[n], err = exchangeOf(i); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// based is a base URL as exchanges spell it, with a slash at its end.
func based(url string) string {
	if strings.HasSuffix(url, "/") {
		return url
	}
	return url + "/"
}

func exchangeOf(i instrument.Instance) (Exchange, error) {
	e := Exchange{ID: i.ID, Status: i.Status}
	err := i.Decode(&e.ExchangeState)
	return e, err
}

// AddExchange makes an exchange known, reads its keys and pins its master key.
// Adding one that is known reads its keys again.
func (w *Wallet) AddExchange(ctx context.Context, url string) (Exchange, error) {
	return w.TrustExchange(ctx, url, taler.EddsaPublicKey{})
}

// TrustExchange is AddExchange for an exchange whose master key the person knows
// from elsewhere: another key is fault.Denied. The zero key is whichever the
// exchange shows at the first contact.
func (w *Wallet) TrustExchange(ctx context.Context, url string, master taler.EddsaPublicKey) (Exchange, error) {
	e, err := w.Exchange(ctx, url)
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
		return e, fault.New(fault.Denied, "the exchange %s was trusted with the master key %s", e.URL, e.MasterPub).
			Because("master-key-changed").WithHint("do not use it before its operator or auditor has explained the change")
	}
	if !master.IsZero() && e.MasterPub.IsZero() { // it was added without a key, and could not be asked
		if err := w.pin(ctx, e, master); err != nil {
			return e, err
		}
	}
	return w.refresh(ctx, e)
}

// pin records the master key by which an exchange will be known that has shown
// none so far.
func (w *Wallet) pin(ctx context.Context, e Exchange, master taler.EddsaPublicKey) error {
	return w.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		i, err := tx.Get(e.ID)
		if err != nil {
			return err
		}
		now, err := exchangeOf(i)
		if err != nil {
			return err
		}
		now.MasterPub = master
		if err := i.Encode(now.ExchangeState); err != nil {
			return err
		}
		return tx.Put(i)
	})
}

func (w *Wallet) create(ctx context.Context, url string, master taler.EddsaPublicKey) error {
	url = based(url)
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
	if err := w.document(ctx, exchange("REFRESH", nil, e.ID), nil); err != nil {
		return e, err
	}
	return w.Exchange(ctx, e.URL)
}

// Terms reads an exchange's terms of service as they are now, piece by piece.
func (w *Wallet) Terms(ctx context.Context, e Exchange) (taler.TermsResult, error) {
	var all taler.TermsResult
	for {
		var part taler.TermsResult
		if err := w.document(ctx, exchange("TERMS", taler.TermsArgs{From: all.Next}, e.ID), &part); err != nil {
			return all, err
		}
		if all.Next > 0 && (part.Version != all.Version || part.Type != all.Type || part.Next > 0 && part.Next <= all.Next) {
			return all, fault.New(fault.Conflict, "the exchange changed its terms while they were read").
				Because("terms-changed").WithHint("read them again")
		}
		part.Text = all.Text + part.Text
		if all = part; all.Next == 0 {
			return all, nil
		}
	}
}

// document has an operation read what an exchange publishes, and asks again a few
// times when it has failed for the time being.
func (w *Wallet) document(ctx context.Context, t controller.Transaction, into any) error {
	pause := firstPause
	for range mends {
		err := w.do(ctx, t, into)
		if fault.ReasonOf(err) != "exchange-failed" || sleep(ctx, pause) != nil {
			return err
		}
		pause *= 2
	}
	return w.do(ctx, t, into)
}

// AcceptTerms records that the person accepted a version.
func (w *Wallet) AcceptTerms(ctx context.Context, e Exchange, version string) error {
	return w.do(ctx, exchange("ACCEPT", taler.AcceptArgs{Version: version, At: w.Now().Unix()}, e.ID), nil)
}

func exchange(operation string, args any, on instrument.ID) controller.Transaction {
	return controller.Transaction{
		Protocol: protocolExchange, Operation: operation, Class: ClassExchange, Instruments: []instrument.ID{on}, Args: args,
	}
}
