package exchange

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
)

// implementation is what /config says of this software. Nobody should take it
// for an exchange with money behind it.
const implementation = "urn:net:taler:specs:taler-exchange:swaperoo-sandbox"

// published is a document as it is sent.
type published struct {
	base string
	body []byte
	etag string // base32 of the body's hash; on the wire without quotes
}

// publish makes the /keys document for a base URL. The list's signature does not
// cover the URL, so it stays the one of Init.
func (e *Exchange) publish(url string) error {
	k := e.keys
	k.BaseURL = strings.TrimSuffix(url, "/") + "/"
	body, err := json.Marshal(k)
	if err != nil {
		return err
	}
	e.published.Store(&published{k.BaseURL, body, crypto.H(body).String()})
	return nil
}

// base is the base URL that is published.
func (e *Exchange) base() string {
	if p := e.published.Load(); p != nil {
		return p.base
	}
	return e.info.URL
}

func (e *Exchange) getConfig(w http.ResponseWriter, r *http.Request) {
	spec := e.keys.CurrencySpecification
	w.Header().Set("Cache-Control", "public,max-age=21600")
	w.Header().Set("Expires", httpTime(e.o.Clock().Add(6*time.Hour)))
	e.answer(w, r, http.StatusOK, taler.ExchangeConfig{
		Name: taler.ExchangeName, Version: e.keys.Version, Implementation: implementation,
		Currency: e.info.Currency, CurrencySpecification: &spec,
	})
}

// getKeys ignores last_issue_date, as an exchange may.
func (e *Exchange) getKeys(w http.ResponseWriter, r *http.Request) {
	p := e.published.Load()
	if p == nil {
		e.refuse(w, r, &refusal{http.StatusServiceUnavailable, taler.ErrorDetail{Code: taler.CodeEnd, Hint: "This exchange does not listen yet."}})
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "public,must-revalidate,max-age=3600")
	h.Set("Expires", httpTime(e.o.Clock().Add(time.Hour)))
	h.Set("Vary", "Accept-Encoding")
	h["ETag"] = []string{p.etag}
	if r.Header.Get("If-None-Match") == p.etag { // bare; with quotes it is another
		h.Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	e.send(w, r, http.StatusOK, p.body)
}

func httpTime(t time.Time) string { return t.UTC().Format(http.TimeFormat) }
