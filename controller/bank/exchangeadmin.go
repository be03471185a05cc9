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
	fresh, err := b.RotateGateway(ctx, x.Name) // first, so that the old login never opens the account again
	if err != nil {
		return Gateway{}, err
	}
	return fresh, b.open(ctx, p, true)
}

// BeginsPath reports whether paths of the bank's own APIs begin with a name.
func BeginsPath(name string) bool {
	return slices.ContainsFunc(segments, func(s string) bool { return strings.EqualFold(s, name) })
}

// mayOpen refuses an account that could not be told from another one.
func (b *Bank) mayOpen(ctx context.Context, x Exchange) error {
	if err := checkName(x.Name); err != nil {
		return err
	}
	if BeginsPath(x.Name) {
		return fault.New(fault.Invalid, "%q begins a path that is there already", x.Name).Because("name-malformed").WithHint("choose another name")
	}
	if err := x.Account.CheckAccount(); err != nil {
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

// RemoveExchange ends the sale of an exchange's cash, and its login. It is refused while
// something is under way with the exchange, and then nobody has noticed anything. Rows that
// the exchange has not read stay; AddExchange opens the account again.
func (b *Bank) RemoveExchange(ctx context.Context, name string) error {
	x, err := b.Exchange(ctx, name)
	if err != nil {
		return err
	}
	if x.Default {
		return fault.New(fault.Conflict, "the exchange of the settings cannot be removed").Because("exchange-needed").
			WithHint("config.toml names it (exchange_url, exchange_account); only those of `bank exchange add` can be removed")
	}
	p, err := b.account(ctx, profile.Gateway, name)
	if err != nil {
		return err
	}
	if err := b.mayClose(ctx, x); err != nil { // before anything is closed, so that customers notice nothing
		return err
	}
	if err := b.open(ctx, p, false); err != nil {
		return err
	}
	if err := b.mayClose(ctx, x); err != nil { // something has begun meanwhile
		return errors.Join(err, b.open(context.WithoutCancel(ctx), p, true)) // even if the operator has interrupted it: it can be removed later
	}
	return nil
}

// open lets an account be used, or not any more.
func (b *Bank) open(ctx context.Context, p profile.Principal, open bool) error {
	return b.Profiles().Change(ctx, p.ID, func(p *profile.Principal) error {
		p.Disabled = !open
		return nil
	})
}

// mayClose refuses a removal while something is under way with an exchange.
func (b *Bank) mayClose(ctx context.Context, x Exchange) error {
	busy, err := b.underWay(ctx, x)
	if err == nil && busy > 0 {
		return fault.New(fault.Conflict, "withdrawals or transfers of %q that have not ended: %d", x.Name, busy).
			Because("exchange-busy").WithHint("remove it when they have; `bank withdrawal list --json` says of each withdrawal whose cash it is")
	}
	return err
}

// underWay counts what has not ended with an exchange.
func (b *Bank) underWay(ctx context.Context, x Exchange) (int, error) {
	n := 0
	for _, state := range []taler.State{taler.StatePending, taler.StateSelected} {
		err := b.scan(ctx, string(state), func(_ instrument.Instance, w taler.Withdrawal) (bool, error) {
			if w.Exchange == x.Key() {
				n++
			}
			return true, nil
		}, strictly)
		if err != nil {
			return 0, err
		}
	}
	open, err := b.openTransfers(ctx, strictly)
	for _, t := range open {
		if t.Transfer.Exchange == x.Key() {
			n++
		}
	}
	return n, err
}
