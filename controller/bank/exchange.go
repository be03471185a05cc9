package bank

import (
	"context"
	"errors"
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// DefaultExchange names the exchange of the bank's settings: the login of its
// wire gateway. Its APIs are at the root.
const DefaultExchange = taler.DefaultExchange

// Facts of a further exchange's gateway account.
const (
	factExchangeURL     = "exchange-url"
	factExchangeAccount = "exchange-account"
)

// Exchange is an exchange whose cash this bank sells. It has an account here: a wire
// gateway that shows what it alone is owed, with row numbers of its own.
type Exchange struct {
	Name    string      `json:"name"` // its gateway's login, and of further ones the first segment of their paths
	URL     string      `json:"url"`
	Account taler.Payto `json:"account"`
	Default bool        `json:"default,omitempty"`
}

// Key is how records name an exchange. It is empty for the default one: its records were
// first made when there was no other.
func (x Exchange) Key() string {
	if x.Default {
		return ""
	}
	return x.Name
}

// Topic is the exchange's own sequence of a topic.
func (x Exchange) Topic(t instrument.Topic) instrument.Topic { return topicOf(t, x.Key()) }

func topicOf(t instrument.Topic, exchange string) instrument.Topic {
	if exchange == "" {
		return t
	}
	return t + instrument.Topic("/"+exchange)
}

// scoped is a unique key that only one exchange's requests claim.
func (x Exchange) scoped(value string) string {
	if x.Default {
		return value
	}
	return x.Name + "/" + value
}

// Default is the exchange of the settings.
func (b *Bank) Default() Exchange {
	return Exchange{DefaultExchange, b.cfg.ExchangeURL, b.cfg.ExchangeAccount, true}
}

// ExchangeOf is the exchange whose gateway a principal is.
func (b *Bank) ExchangeOf(p profile.Principal) Exchange {
	if p.Facts[factExchangeURL] == "" {
		return b.Default()
	}
	return Exchange{Name: p.Name, URL: p.Facts[factExchangeURL], Account: taler.Payto(p.Facts[factExchangeAccount])}
}

// Exchange finds one by its name; no name is the default. One that is not here,
// or no more, is fault.NotFound, reason "exchange-unknown".
func (b *Bank) Exchange(ctx context.Context, name string) (Exchange, error) {
	x, sold, err := b.AnyExchange(ctx, name)
	if err == nil && !sold {
		err = noExchange(name)
	}
	if err != nil {
		return Exchange{}, err
	}
	return x, nil
}

// AnyExchange is Exchange that also finds removed ones, whose records stay. sold says
// whether its cash is still sold.
func (b *Bank) AnyExchange(ctx context.Context, name string) (x Exchange, sold bool, err error) {
	if name == "" || name == DefaultExchange {
		return b.Default(), true, nil
	}
	p, err := b.account(ctx, profile.Gateway, name)
	if errors.Is(err, fault.NotFound) {
		err = noExchange(name)
	}
	if err != nil {
		return Exchange{}, false, err
	}
	return b.ExchangeOf(p), !p.Disabled, nil
}

func noExchange(name string) error {
	return fault.New(fault.NotFound, "there is no exchange %q here", name).Because(taler.ReasonExchangeUnknown).
		WithHint("terminals find those that there are in /config, and the operator with `bank exchange list`")
}

// Exchanges lists them, the default one first.
func (b *Bank) Exchanges(ctx context.Context) ([]Exchange, error) { return b.exchanges(ctx, false) }

// EveryExchange lists them with those that were removed: their records stay.
func (b *Bank) EveryExchange(ctx context.Context) ([]Exchange, error) { return b.exchanges(ctx, true) }

// exchanges lists them, with those that were removed if they are wanted.
func (b *Bank) exchanges(ctx context.Context, removed bool) ([]Exchange, error) {
	all, err := b.Profiles().Principals(ctx, profile.Gateway)
	out := []Exchange{b.Default()}
	for _, p := range all {
		if x := b.ExchangeOf(p); !x.Default && (removed || !p.Disabled) {
			out = append(out, x)
		}
	}
	return out, err
}

// Sells refuses a withdrawal that is not one of an exchange's, as if there were
// none; fault.NotFound with ReasonUnknownOperation.
func (b *Bank) Sells(ctx context.Context, x Exchange, id taler.WOPID) error {
	_, w, err := b.Withdrawal(ctx, id)
	if err == nil && w.Exchange != x.Key() {
		return unknown(nil)
	}
	return err
}

// unlessExchange refuses the account of an exchange where a customer's is needed. For any
// other account it returns otherwise.
func (b *Bank) unlessExchange(ctx context.Context, account taler.Payto, otherwise error) error {
	all, err := b.Exchanges(ctx)
	switch {
	case err != nil:
		return err
	case slices.ContainsFunc(all, func(x Exchange) bool { return x.Account.Equal(account) }):
		return fault.New(fault.Conflict, "this is an exchange's own account").Because(taler.ReasonAccountIsExchange)
	}
	return otherwise
}
