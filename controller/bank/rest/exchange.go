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

// asked is the key of the exchange that a request's path has named: a below.
type asked struct{}

type below struct {
	bank.Exchange
	sold bool // it was not removed
}

// under answers below the name of an exchange that is here, or was. A path that is gone
// is the last word to programs that ask about money: a transfer that is answered 404 is
// never sent again, and a wallet gives its withdrawal up. Of one that was removed nothing
// is sold, and its login is refused (401), with which both wait.
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

// mayRead lets the login of a gateway see its own exchange's account only.
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

// wopid names the withdrawal of a request. Below an exchange's name there are
// only that exchange's; at the root whoever knows it has it.
func (a *API) wopid(r *http.Request) (taler.WOPID, error) {
	id, err := taler.ParseWOPID(segment(r, "wopid"))
	if x, ok := named(r); ok && err == nil {
		err = a.bank.Sells(r.Context(), x, id)
	}
	return id, err
}

// chosen is the exchange that a SETUP is for: that of its path, or the one that
// it names itself.
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

// sells refuses what begins below the name of an exchange that was removed.
func (a *API) sells(r *http.Request) error {
	x, ok := r.Context().Value(asked{}).(below)
	if !ok || x.sold {
		return nil
	}
	_, err := a.bank.Exchange(r.Context(), x.Name)
	return err
}

// choices are the exchanges that a terminal may choose from: none below a name,
// which is a choice, nor where there is only one.
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
