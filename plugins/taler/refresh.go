package taler

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/protocol"
)

const (
	maxKeys     = 32 << 20
	usualExpiry = time.Hour       // of /keys, where the exchange says nothing
	leastExpiry = 2 * time.Minute // whatever it says
)

// The versions of the exchange protocol that have batch-withdraw.
const oldestProtocol, newestProtocol = 15, 25

// RefreshResult is what REFRESH has learnt.
type RefreshResult struct {
	URL           string               `json:"url"`
	Currency      string               `json:"currency"`
	Version       string               `json:"version"`
	MasterPub     taler.EddsaPublicKey `json:"master_pub"`
	Denominations int                  `json:"denominations"`
}

// refresh reads what the exchange says of itself, verifies it and keeps what is
// needed. Nothing is kept of a document that does not verify as a whole.
func refresh(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	config, err := fetchConfig(ctx, s, c)
	if err != nil {
		return protocol.Result{}, err
	}
	answer, err := s.Fetch(ctx, protocol.Request{
		Address: c.Main(), Method: http.MethodGet, Path: "keys", Timeout: time.Minute, Limit: maxKeys, Repeat: true,
	})
	if err != nil {
		return protocol.Result{}, err
	}
	if answer.Status != http.StatusOK {
		return protocol.Result{}, taler.FaultOf(answer.Status, answer.Body)
	}
	var keys taler.Keys
	if err := taler.Unmarshal(answer.Body, &keys); err != nil {
		return protocol.Result{}, malformed(err)
	}
	if keys.Currency != config.Currency {
		return protocol.Result{}, fault.New(fault.Invalid, "the exchange's documents name two currencies").Because(taler.ReasonCurrencyMismatch)
	}
	known, err := verified(keys, s.Now())
	if err != nil {
		return protocol.Result{}, err
	}
	known.KeysAt, known.KeysExpire = s.Now().Unix(), expiry(answer, s.Now()).Unix()
	e, err := change(ctx, s, c.Main(), func(_ string, e *taler.ExchangeState) (verdict, error) { return learn(e, known) })
	if err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(RefreshResult{e.URL, e.Currency, e.Version, e.MasterPub, len(e.Denominations)})
}

// learn is the pure rule of new keys: an exchange keeps its master key and its
// currency.
func learn(e *taler.ExchangeState, known taler.ExchangeState) (verdict, error) {
	switch {
	case !e.MasterPub.IsZero() && e.MasterPub != known.MasterPub:
		return stay, masterKeyChanged()
	case e.Currency != "" && e.Currency != known.Currency:
		return stay, fault.New(fault.Denied, "the exchange deals in %s now, and dealt in %s", known.Currency, e.Currency).Because(taler.ReasonCurrencyMismatch)
	}
	known.URL, known.Terms = e.URL, e.Terms
	*e = known
	return become(taler.ExchangeActive), nil
}

// fetchConfig asks the exchange what it is and refuses what this wallet cannot
// deal with.
func fetchConfig(ctx context.Context, s protocol.Session, c protocol.Call) (taler.ExchangeConfig, error) {
	answer, err := s.Fetch(ctx, protocol.Request{
		Address: c.Main(), Method: http.MethodGet, Path: "config", Timeout: maxHold, Limit: maxAnswer, Repeat: true,
	})
	if err != nil {
		return taler.ExchangeConfig{}, err
	}
	if answer.Status != http.StatusOK {
		return taler.ExchangeConfig{}, taler.FaultOf(answer.Status, answer.Body)
	}
	var config taler.ExchangeConfig
	if err := taler.Unmarshal(answer.Body, &config); err != nil {
		return taler.ExchangeConfig{}, malformed(err)
	}
	if config.Name != taler.ExchangeName {
		return taler.ExchangeConfig{}, malformed(fault.New(fault.Invalid, "its name is not %s", taler.ExchangeName))
	}
	return config, speaks(config.Version)
}

func speaks(v taler.Version) error {
	if v.Current < oldestProtocol || v.Current > newestProtocol {
		return fault.New(fault.Unsupported, "the exchange speaks protocol %s; %d to %d are known here", v, oldestProtocol, newestProtocol).
			Because(taler.ReasonVersionIncompatible)
	}
	return nil
}

// expiry is until when the keys need not be read again.
func expiry(answer protocol.Response, now time.Time) time.Time {
	until := now.Add(usualExpiry)
	if t, err := http.ParseTime(header(answer, "Expires")); err == nil {
		until = t
	}
	if least := now.Add(leastExpiry); until.Before(least) {
		return least
	}
	return until
}

func header(answer protocol.Response, name string) string {
	for key, value := range answer.Header {
		if strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}
