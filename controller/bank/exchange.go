package bank

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// DefaultExchange names the exchange of the bank's settings: the login of its
// wire gateway. Its APIs are at the root.
const DefaultExchange = "exchange"

// Facts of a further exchange's gateway account.
const (
	factExchangeURL     = "exchange-url"
	factExchangeAccount = "exchange-account"
)

// Exchange is one whose cash this bank sells. It has an account here: a wire
// gateway that shows what it is owed and nobody else's, with numbers of its own.
type Exchange struct {
	Name    string      `json:"name"` // its gateway's login, and of further ones the first segment of their paths
	URL     string      `json:"url"`
	Account taler.Payto `json:"account"`
	Default bool        `json:"default,omitempty"`
}

// key is how records name an exchange. Those of the default one do not name it:
// they are of before there were several.
func (x Exchange) key() string {
	if x.Default {
		return ""
	}
	return x.Name
}

// topic is the exchange's own sequence of a topic.
func (x Exchange) topic(t instrument.Topic) instrument.Topic { return topicOf(t, x.key()) }

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
	if name == "" || name == DefaultExchange {
		return b.Default(), nil
	}
	p, err := b.account(ctx, profile.Gateway, name)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return Exchange{}, err
	}
	if err != nil || p.Disabled {
		return Exchange{}, fault.New(fault.NotFound, "there is no exchange %q here", name).Because(taler.ReasonExchangeUnknown)
	}
	return b.ExchangeOf(p), nil
}

// Exchanges lists them, the default one first.
func (b *Bank) Exchanges(ctx context.Context) ([]Exchange, error) { return b.exchanges(ctx, false) }

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

// segments begin paths that are not an exchange's.
var segments = []string{
	"config", "quotas", "withdrawals", "taler-integration", "taler-wire-gateway", "webhooks", "openapi.yaml",
	"healthz", "readyz", "metrics", DefaultExchange,
}

// AddExchange opens an account for a further exchange and returns its login,
// which is shown this once. It works beside a running bank. An exchange that was
// removed comes back under its name if it is the same one: its numbers go on.
func (b *Bank) AddExchange(ctx context.Context, x Exchange) (Gateway, error) {
	if err := b.mayOpen(ctx, x); err != nil {
		return Gateway{}, err
	}
	p, err := b.account(ctx, profile.Gateway, x.Name)
	switch {
	case errors.Is(err, fault.NotFound):
		return b.addGateway(ctx, x.Name, map[string]string{factExchangeURL: x.URL, factExchangeAccount: string(x.Account)})
	case err != nil:
		return Gateway{}, err
	case !p.Disabled:
		return Gateway{}, fault.New(fault.Conflict, "there is an exchange %q already", x.Name).Because("login-taken")
	}
	if was := b.ExchangeOf(p); was.URL != x.URL || !was.Account.Equal(x.Account) {
		return Gateway{}, fault.New(fault.Conflict, "%q was the exchange at %s, whose history is kept", x.Name, was.URL).
			Because("exchange-differs").WithHint("choose another name")
	}
	if err := b.open(ctx, p, true); err != nil {
		return Gateway{}, err
	}
	return b.RotateGateway(ctx, x.Name)
}

// mayOpen refuses an account that could not be told from another one.
func (b *Bank) mayOpen(ctx context.Context, x Exchange) error {
	if err := checkName(x.Name); err != nil {
		return err
	}
	if slices.ContainsFunc(segments, func(s string) bool { return strings.EqualFold(s, x.Name) }) {
		return fault.New(fault.Invalid, "%q begins a path that is there already", x.Name).Because("name-malformed").WithHint("choose another name")
	}
	if err := x.Account.Check(); err != nil {
		return err
	}
	others, err := b.Exchanges(ctx)
	for _, o := range others {
		if o.Account.Equal(x.Account) && o.Name != x.Name {
			return fault.New(fault.Conflict, "this is the account of %q", o.Name).Because("account-taken").
				WithHint("each exchange has an account of its own")
		}
	}
	return err
}

// RemoveExchange ends the sale of an exchange's cash and its login. While
// something is under way with it, it is refused; what it has not read of its
// history stays, and AddExchange opens it again.
func (b *Bank) RemoveExchange(ctx context.Context, name string) error {
	x, err := b.Exchange(ctx, name)
	if err != nil {
		return err
	}
	if x.Default {
		return fault.New(fault.Conflict, "the exchange of the settings cannot be removed").Because("exchange-needed")
	}
	p, err := b.account(ctx, profile.Gateway, name)
	if err != nil {
		return err
	}
	if err := b.open(ctx, p, false); err != nil { // first: nothing begins while we look
		return err
	}
	busy, err := b.underWay(ctx, x)
	if err == nil && busy == 0 {
		return nil
	}
	if err == nil {
		err = fault.New(fault.Conflict, "%d withdrawals or transfers of %q have not ended", busy, name).
			Because("exchange-busy").WithHint("remove it when they have")
	}
	return errors.Join(err, b.open(ctx, p, true))
}

// open lets an exchange's account be used, or not any more.
func (b *Bank) open(ctx context.Context, p profile.Principal, open bool) error {
	return b.Profiles().Change(ctx, p.ID, func(p *profile.Principal) error {
		p.Disabled = !open
		return nil
	})
}

// underWay counts what has not ended with an exchange.
func (b *Bank) underWay(ctx context.Context, x Exchange) (int, error) {
	n := 0
	for _, state := range []taler.State{taler.StatePending, taler.StateSelected} {
		err := b.scan(ctx, string(state), func(_ instrument.Instance, w taler.Withdrawal) (bool, error) {
			if w.Exchange == x.key() {
				n++
			}
			return true, nil
		})
		if err != nil {
			return 0, err
		}
	}
	open, err := b.openTransfers(ctx)
	for _, t := range open {
		if t.Transfer.Exchange == x.key() {
			n++
		}
	}
	return n, err
}

// Sells refuses a withdrawal that is not one of an exchange's, as if there were
// none; fault.NotFound with ReasonUnknownOperation.
func (b *Bank) Sells(ctx context.Context, x Exchange, id taler.WOPID) error {
	_, w, err := b.Lookup(ctx, id)
	if err == nil && w.Exchange != x.key() {
		return unknown(nil)
	}
	return err
}
