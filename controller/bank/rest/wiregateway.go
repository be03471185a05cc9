package rest

import (
	"net/http"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// wireConfig wants no credentials: an exchange's operator checks the address with
// it before there are any.
func (a *API) wireConfig(w http.ResponseWriter, _ *http.Request) error {
	return answer(w, taler.WireConfig{
		Name: taler.WireGatewayName, Version: taler.WireGatewayVersion,
		Currency: a.bank.Config().Currency, Implementation: implementation,
	}, nil)
}

// incoming is a page of the history. One without rows is 204: wirewatch takes an
// empty list for a fault of the bank.
func (a *API) incoming(w http.ResponseWriter, r *http.Request) error {
	p, err := taler.ParsePage(r.URL.Query(), a.o.HistoryCap, a.o.LongPollCap)
	if err != nil {
		return err
	}
	if p.Descending && p.Offset == 0 { // nothing is below row 0; the journal takes 0 for its end
		return done(w, nil)
	}
	ctx, release := a.hold(w, r, p.Timeout)
	defer release()
	page := instrument.Page{After: instrument.Seq(p.Offset), Limit: p.Rows, Reverse: p.Descending}
	out, err := a.bank.IncomingHistory(ctx, page, p.Timeout)
	if err != nil || len(out.IncomingTransactions) == 0 {
		return done(w, err)
	}
	return answer(w, out, nil)
}
