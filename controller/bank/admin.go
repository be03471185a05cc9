package bank

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/profile"
)

// Terminal is a payment terminal as the operator sees it.
type Terminal struct {
	Name       string    `json:"name"`
	Provider   string    `json:"provider"`
	FeePercent string    `json:"fee_percent,omitempty"` // what it takes of each withdrawal, if it is marked for that
	Disabled   bool      `json:"disabled,omitempty"`
	Created    time.Time `json:"created"`
}

// names are the names that terminals, gateways and providers may have: people type them,
// and a login must not hold a colon.
var names = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func checkName(name string) error {
	if !names.MatchString(name) {
		return fault.New(fault.Invalid, "%q cannot be a name: up to 64 letters, digits, dots, hyphens and underscores can, of which a letter or digit is the first", name).Because("name-malformed")
	}
	return nil
}

// AddTerminal makes the account of a terminal that charges cards at a provider.
// The token is shown this once; only its keyed hash is kept.
func (b *Bank) AddTerminal(ctx context.Context, name, provider string) (login, token string, err error) {
	if err := checkName(name); err != nil {
		return "", "", err
	}
	if err := b.inUse(ctx, provider); err != nil {
		return "", "", err
	}
	token, err = b.Profiles().Add(ctx, profile.Principal{
		Kind: profile.Terminal, Name: name, Login: name, Facts: map[string]string{FactProvider: provider},
	})
	return name, token, err
}

// Terminals lists them.
func (b *Bank) Terminals(ctx context.Context) ([]Terminal, error) {
	all, err := b.Profiles().Principals(ctx, profile.Terminal)
	out := make([]Terminal, len(all))
	for n, p := range all {
		out[n] = Terminal{Name: p.Name, Provider: p.Facts[FactProvider], FeePercent: p.Facts[factFeePercent], Disabled: p.Disabled, Created: p.Created}
	}
	return out, err
}

// DisableTerminal ends a terminal's rights at once. What it has begun stays.
func (b *Bank) DisableTerminal(ctx context.Context, name string) error {
	p, err := b.account(ctx, profile.Terminal, name)
	if err != nil {
		return err
	}
	return b.Profiles().Disable(ctx, p.ID)
}

// RotateTerminal gives a terminal a new token; the old one ends at once. One that is
// disabled gets none: fault.Conflict.
func (b *Bank) RotateTerminal(ctx context.Context, name string) (login, token string, err error) {
	p, err := b.account(ctx, profile.Terminal, name)
	if err != nil {
		return "", "", err
	}
	if p.Disabled {
		return "", "", fault.New(fault.Conflict, "the terminal %q is disabled: no token would let it in", name).Because("terminal-disabled").
			WithHint("`bank terminal rotate --enable` gives it its rights back, with a new token")
	}
	token, err = b.Profiles().Rotate(ctx, p.ID)
	return p.Login, token, err
}

// EnableTerminal gives a terminal back the rights that DisableTerminal has ended, with a
// new token. The old token stays invalid: it may be why the terminal was disabled.
func (b *Bank) EnableTerminal(ctx context.Context, name string) (login, token string, err error) {
	p, err := b.account(ctx, profile.Terminal, name)
	if err != nil {
		return "", "", err
	}
	if err := b.inUse(ctx, p.Facts[FactProvider]); err != nil {
		return "", "", err
	}
	if token, err = b.Profiles().Rotate(ctx, p.ID); err != nil {
		return "", "", err
	}
	return p.Login, token, b.open(ctx, p, true)
}

// Gateway are the credentials of an exchange: a login and password for the basic
// method, a token for the bearer method, either of which does. They are shown
// this once.
type Gateway struct {
	User     string `json:"user"`
	Password string `json:"password"`
	Token    string `json:"token"`
}

// AddGateway makes the account with which the default exchange reads its history.
func (b *Bank) AddGateway(ctx context.Context, name string) (Gateway, error) {
	if err := checkName(name); err != nil {
		return Gateway{}, err
	}
	return b.addGateway(ctx, name, nil)
}

func (b *Bank) addGateway(ctx context.Context, name string, facts map[string]string) (Gateway, error) {
	password, err := b.Profiles().Add(ctx, profile.Principal{Kind: profile.Gateway, Name: name, Login: name, Facts: facts})
	return Gateway{name, password, Bearer(name, password)}, err
}

// RotateGateway gives an exchange new credentials; the old ones end at once.
func (b *Bank) RotateGateway(ctx context.Context, name string) (Gateway, error) {
	p, err := b.account(ctx, profile.Gateway, name)
	if err != nil {
		return Gateway{}, err
	}
	password, err := b.Profiles().Rotate(ctx, p.ID)
	return Gateway{p.Login, password, Bearer(p.Login, password)}, err
}

// account finds a principal by its kind and name.
func (b *Bank) account(ctx context.Context, kind profile.Kind, name string) (profile.Principal, error) {
	p, err := b.Profiles().ByLogin(ctx, name)
	if errors.Is(err, fault.NotFound) || err == nil && p.Kind != kind {
		return profile.Principal{}, fault.Wrap(err, fault.NotFound, "there is no %s %q", kind, name).Because("account-unknown")
	}
	return p, err
}

// bearerPrefix is what RFC 8959 puts before tokens, so that scanners find them
// where they should not be.
const bearerPrefix = "secret-token:"

// Bearer is the access token for the bearer method. It names the account, so
// that a token is looked up by what is not secret and compared in constant time.
func Bearer(login, token string) string { return bearerPrefix + login + ":" + token }

// ReadBearer is the reverse; both are empty for what is no such token.
func ReadBearer(text string) (login, token string) {
	rest, ok := strings.CutPrefix(text, bearerPrefix)
	at := strings.LastIndexByte(rest, ':')
	if !ok || at < 0 {
		return "", ""
	}
	return rest[:at], rest[at+1:]
}
