package rest

import (
	"context"
	"net/http"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
)

// underName is what the paths of a further exchange begin with. What is at the
// root is the default one's.
const underName = "/{exchange}"

// asked is the key under which a request's context has the exchange that its path names: a
// below.
type asked struct{}

type below struct {
	bank.Exchange
	sold bool // it was not removed
}

// under serves a handler below the name of an exchange, also of one that was removed. There
// 404 would be the last word: taler-exchange-transfer never sends a transfer again that was
// answered so, and a wallet gives its withdrawal up. So wallets still see their withdrawals
// there, and an exchange is refused its login (401), at which its transfer program ends without
// giving the transfer up. Only what would begin a sale is 404: see refuseRemoved.
func (a *API) under(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		x, sold, err := a.bank.AnyExchange(r.Context(), segment(r, "exchange"))
		if err != nil {
			return err
		}
		return h(w, r.WithContext(context.WithValue(r.Context(), asked{}, below{x, sold})))
	}
}

// named is the exchange that a request's path names.
func named(r *http.Request) (bank.Exchange, bool) {
	x, ok := r.Context().Value(asked{}).(below)
	return x.Exchange, ok
}

// mayRead refuses an exchange (403) if the path is that of another exchange's account.
func (a *API) mayRead(r *http.Request, own bank.Exchange) error {
	x, ok := named(r)
	if !ok {
		x = a.bank.Default()
	}
	if x.Name != own.Name {
		return fault.New(fault.Denied, "this login is that of another exchange").Because(taler.ReasonForbidden)
	}
	return nil
}

// wopid is the id of the withdrawal that a request's path names. Below an exchange's name it is
// refused unless the withdrawal is of that exchange; at the root there are those of all.
func (a *API) wopid(r *http.Request) (taler.WOPID, error) {
	id, err := taler.ParseWOPID(segment(r, "wopid"))
	if x, ok := named(r); ok && err == nil {
		err = a.bank.Sells(r.Context(), x, id)
	}
	return id, err
}

// chosen is the name of the exchange whose cash a new withdrawal is of: that of the path, or
// else the one in the body; empty for the default one.
func chosen(r *http.Request, in taler.TerminalWithdrawalSetup) (string, error) {
	x, ok := named(r)
	if ok && in.Exchange != "" && in.Exchange != x.Name {
		return "", fault.New(fault.Invalid, "the body names another exchange than the path").Because(taler.ReasonJSONInvalid)
	}
	if ok {
		return x.Name, nil
	}
	return in.Exchange, nil
}

// refuseRemoved refuses a request below the name of an exchange that was removed, with what the
// bank says of such a name (404).
func (a *API) refuseRemoved(r *http.Request) error {
	x, ok := r.Context().Value(asked{}).(below)
	if !ok || x.sold {
		return nil
	}
	_, err := a.bank.Exchange(r.Context(), x.Name)
	return err
}

// choices are the exchanges among which a terminal may choose, for its /config: none where
// there is only one, and none below an exchange's name, for the path is the choice.
func (a *API) choices(r *http.Request) ([]taler.ExchangeChoice, error) {
	if _, ok := named(r); ok {
		return nil, nil
	}
	all, err := a.bank.Exchanges(r.Context())
	if err != nil || len(all) < 2 {
		return nil, err
	}
	out := make([]taler.ExchangeChoice, len(all))
	for n, x := range all {
		out[n] = taler.ExchangeChoice{Name: x.Name, URL: x.URL}
	}
	return out, nil
}
