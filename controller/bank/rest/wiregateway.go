package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/instrument"
)

// wireConfig wants no credentials: an exchange's operator checks the address with
// it before there are any.
func (a *API) wireConfig(w http.ResponseWriter, _ *http.Request) error {
	return answer(w, taler.WireConfig{
		Name: taler.WireGatewayName, Version: taler.WireGatewayVersion,
		Currency: a.bank.Config().Currency, Implementation: implementation, SupportAccountCheck: true,
	}, nil)
}

func (a *API) incoming(w http.ResponseWriter, r *http.Request, x bank.Exchange, valid loginCheck) error {
	return a.page(w, r, valid, func(ctx context.Context, p taler.Page) ([]byte, error) {
		return a.bank.IncomingHistory(ctx, x, entries(p), p.Timeout)
	})
}

func (a *API) outgoing(w http.ResponseWriter, r *http.Request, x bank.Exchange, valid loginCheck) error {
	return a.page(w, r, valid, func(ctx context.Context, p taler.Page) ([]byte, error) {
		return a.bank.OutgoingHistory(ctx, x, entries(p), p.Timeout)
	})
}

// page answers with a page of a history. One without rows, for which read has no
// document, is 204: wirewatch takes an empty list for a fault of the bank.
func (a *API) page(w http.ResponseWriter, r *http.Request, valid loginCheck, read func(context.Context, taler.Page) (document []byte, err error)) error {
	q, err := taler.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	p, err := taler.ParsePage(q, a.o.HistoryCap, a.o.LongPollCap)
	if err != nil {
		return err
	}
	if p.Descending && p.Offset == 0 { // nothing is below row 0; the journal takes 0 for its end
		return done(w, nil)
	}
	return a.hold(w, r, p.Timeout, valid, func(ctx context.Context, wait time.Duration) ([]byte, bool, error) {
		p := p
		p.Timeout = wait
		out, err := read(ctx, p)
		return out, out != nil, err
	})
}

func entries(p taler.Page) instrument.Page {
	return instrument.Page{After: instrument.Seq(p.Offset), Limit: p.Rows, Reverse: p.Descending}
}
