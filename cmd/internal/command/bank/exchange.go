package bank

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// maxKeys bounds an exchange's /keys.
const maxKeys = 32 << 20

// checkExchange compares the settings with what the exchange says of itself. Its
// signatures are the wallets' business: the bank only pays to the account.
func checkExchange(ctx context.Context, s settings) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.ExchangeURL+"keys", nil)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "%s is no address", s.ExchangeURL)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "the exchange does not answer").Because("exchange-unreachable").
			WithHint("is exchange_url right, and does the exchange run?")
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fault.New(fault.Unavailable, "the exchange answers for its /keys with status %d", answer.StatusCode).Because("exchange-unreachable")
	}
	var keys taler.Keys
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxKeys)).Decode(&keys); err != nil {
		return fault.Wrap(err, fault.Invalid, "what is at exchange_url is no exchange").Because("exchange-differs")
	}
	return s.fits(keys)
}

// fits refuses an exchange that would not take the money that we announce.
func (s settings) fits(keys taler.Keys) error {
	if keys.Currency != s.Currency {
		return fault.New(fault.Conflict, "the exchange is one for %s, this bank for %s", keys.Currency, s.Currency).Because("exchange-differs")
	}
	for _, a := range keys.Accounts {
		if a.PaytoURI.Equal(s.ExchangeAccount) {
			return nil
		}
	}
	return fault.New(fault.Conflict, "the exchange has no account %s", s.ExchangeAccount).Because("exchange-differs").
		WithHint("exchange_account is one of those in its /keys")
}
