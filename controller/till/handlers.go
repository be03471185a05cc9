package till

import (
	"context"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

func named(r *http.Request) string { return mux.Vars(r)["wopid"] }

// config is what the bank says of itself: its currency and its fees. It waits for that as long as
// whoever begins a withdrawal does.
func (a *API) config(w http.ResponseWriter, r *http.Request) error {
	within, cancel := context.WithTimeout(r.Context(), a.till.looks)
	defer cancel()
	c, err := a.till.terminal.BankConfig(within)
	if passes(err) {
		err = fault.From(err).WithHint("send the same request again")
	}
	return answer(w, struct {
		Currency       string                 `json:"currency"`
		WithdrawalFees taler.Amount           `json:"withdrawal_fees"`
		ProviderName   string                 `json:"provider_name"`
		Exchanges      []taler.ExchangeChoice `json:"exchanges,omitempty"`
	}{c.Currency, c.WithdrawalFees, c.ProviderName, c.Exchanges}, err)
}

// start begins a withdrawal. Its key may be in the header Idempotency-Key. One of both would have to be
// passed over where they differ, and what is sent again under that one alone would be another withdrawal.
func (a *API) start(w http.ResponseWriter, r *http.Request) error {
	o := Order{}
	if err := read(r, &o); err != nil {
		return err
	}
	for _, value := range r.Header.Values("Idempotency-Key") {
		switch key := unquoted(value); {
		case o.Key == "":
			o.Key = key
		case key == "", key == o.Key, value == o.Key:
		default:
			return fault.New(fault.Invalid, "the request has two keys that differ").Because("key-malformed").
				WithHint("say it once, as key or in the header Idempotency-Key")
		}
	}
	v, err := a.till.Start(r.Context(), o)
	return answer(w, v, err)
}

// unquoted is the key that the header names: as a text in quotes, or as it is.
func unquoted(value string) string {
	n := len(value) - 1
	if n < 1 || value[0] != '"' || value[n] != '"' {
		return value
	}
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(value[1:n])
}

func (a *API) list(w http.ResponseWriter, r *http.Request) error {
	q, err := taler.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	all, err := a.till.List(r.Context(), q.Get("status"))
	return answer(w, map[string]any{"withdrawals": all}, err)
}

func (a *API) show(w http.ResponseWriter, r *http.Request) error {
	v, err := a.till.Show(r.Context(), named(r))
	return answer(w, v, err)
}

func (a *API) accept(yes bool) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := read(r, &struct{}{}); err != nil {
			return err
		}
		v, err := a.till.Accept(r.Context(), named(r), yes)
		return answer(w, v, err)
	}
}

func (a *API) sameWallet(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Same *bool `json:"same"`
	}
	if err := read(r, &in); err != nil {
		return err
	}
	if in.Same == nil {
		return fault.New(fault.Invalid, "is it the customer's wallet?").Because("json-malformed").WithHint(`say {"same":true} or {"same":false}`)
	}
	v, err := a.till.SameWallet(r.Context(), named(r), *in.Same)
	return answer(w, v, err)
}

func (a *API) pay(w http.ResponseWriter, r *http.Request) error {
	var p Payment
	if err := read(r, &p); err != nil {
		return err
	}
	v, err := a.till.Pay(r.Context(), named(r), p)
	return answer(w, v, err)
}

func (a *API) abort(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Reason string `json:"reason"`
	}
	if err := read(r, &in); err != nil {
		return err
	}
	v, err := a.till.Abort(r.Context(), named(r), fault.Line(in.Reason))
	return answer(w, v, err)
}

func (a *API) resume(w http.ResponseWriter, r *http.Request) error {
	if err := read(r, &struct{}{}); err != nil {
		return err
	}
	v, err := a.till.Resume(r.Context(), named(r))
	return answer(w, v, err)
}

// code draws the QR code, once the customer has accepted what it costs.
func (a *API) code(w http.ResponseWriter, r *http.Request) error {
	v, err := a.till.Show(r.Context(), named(r))
	if err != nil {
		return err
	}
	if v.Accepted.IsZero() || v.Status != taler.TerminalPending {
		return fault.New(fault.Conflict, "a code is scanned by a customer who has accepted, and once").Because("code-not-shown").
			WithHint("show it while the status is pending and needs is missing")
	}
	var picture []byte
	var kind string
	switch mux.Vars(r)["form"] {
	case "svg":
		kind = "image/svg+xml"
		picture, err = a.o.Draw.SVG(pictured(v.URI))
	case "png":
		kind = "image/png"
		picture, err = a.o.Draw.PNG(pictured(v.URI))
	default:
		kind = "text/plain; charset=utf-8"
		var text string
		text, err = a.o.Draw.Text(v.URI)
		picture = []byte(text + v.URI + "\n")
	}
	if err != nil {
		return err
	}
	write(w, http.StatusOK, kind, picture)
	return nil
}

// pictured is what a picture says: the URI, and that the payment here is what confirms
// the withdrawal. Newer wallets wait then, and lead nobody to a page of the bank.
// A code of letters is for small screens, and says no more than it must.
func pictured(uri string) string {
	u, err := taler.ParseWithdrawURI(uri)
	if err != nil {
		return uri
	}
	u.External = true
	return u.Text()
}

// cursor reads a place in the stream.
func cursor(text string) (c instrument.Seq, err error) {
	if text == "" {
		return 0, nil
	}
	for _, digit := range text {
		if digit < '0' || digit > '9' || len(text) > 18 {
			return 0, fault.New(fault.Invalid, "a cursor is a number").Because("cursor-malformed")
		}
		c = 10*c + instrument.Seq(digit-'0')
	}
	return c, nil
}
