package bank

import (
	"context"
	"regexp"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// Provider is a card payment provider as the bank and the terminals keep it: an
// instrument of class card-provider.
type Provider struct {
	Name string `json:"name"`
	Kind string `json:"kind"` // "simulator", "wallee"
	URL  string `json:"url"`  // base URL; ends with a slash

	// For a provider at which a merchant has several accounts, and users that ask.
	Space int64 `json:"space,omitempty"`
	User  int64 `json:"user,omitempty"`
}

// WireType is the payto kind of card payments at the provider. The Terminal API's /config
// says it, and histories name the sender by it.
func (p Provider) WireType() string { return p.Kind + wireTypeSuffix }

const wireTypeSuffix = "-transaction"

// kindWallee names its payments with positive numbers, which its own software for tills
// does not tell them; its web service is below a path that addresses in documents often
// leave out.
const (
	kindWallee = "wallee"
	pathWallee = "/api"
)

// found is a provider that was looked up.
type found struct {
	at       instrument.ID
	provider Provider
}

// provider finds a provider by name, removed ones too; fault.NotFound.
func (b *Bank) provider(ctx context.Context, name string) (instrument.ID, Provider, error) {
	if f, ok := b.known.Load(name); ok {
		f := f.(found)
		return f.at, f.provider, nil
	}
	i, err := b.Instruments().Lookup(ctx, ClassProvider, "name", name)
	if err != nil {
		return "", Provider{}, err
	}
	f := found{at: i.ID}
	if err := i.Decode(&f.provider); err != nil {
		return "", Provider{}, err
	}
	b.known.Store(name, f)
	return f.at, f.provider, nil
}

// self is the bank's own principal, read once.
func (b *Bank) self(ctx context.Context) (profile.Principal, error) {
	if p := b.own.Load(); p != nil {
		return *p, nil
	}
	p, err := b.Own(ctx)
	if err == nil {
		b.own.Store(&p)
	}
	return p, err
}

// ProviderOf is the provider with which a terminal charges cards.
func (b *Bank) ProviderOf(ctx context.Context, name string) (Provider, error) {
	_, p, err := b.provider(ctx, name)
	return p, err
}

// kinds of providers become part of a payto URI.
var kinds = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// AddProvider makes a provider known that is asked without credentials; AddProviderKey does
// it for one that is asked with a key. The provider is not asked here: see CheckProvider. A
// name that is taken is fault.Conflict, reason "name-taken". An address of wallee without
// a path gets the path of its web service.
func (b *Bank) AddProvider(ctx context.Context, p Provider) error {
	return b.AddProviderKey(ctx, p, "")
}

// firstStatus is the status in which instances of a class begin.
func (b *Bank) firstStatus(class instrument.ClassID) (string, error) {
	info, err := b.Instruments().Info(class)
	if err != nil {
		return "", err
	}
	for _, m := range info.Moves {
		if m.From == "" {
			return m.To, nil
		}
	}
	return "", fault.New(fault.Unsupported, "no %s can be made here", class).Because("move-refused")
}

// Providers lists those that terminals may charge with, in the order in which they were
// added.
func (b *Bank) Providers(ctx context.Context) ([]Provider, error) {
	return b.providers(ctx, func(status string) bool { return status != statusRemoved })
}

// RemovedProviders lists the others. What was paid there may still have to go back.
func (b *Bank) RemovedProviders(ctx context.Context) ([]Provider, error) {
	return b.providers(ctx, func(status string) bool { return status == statusRemoved })
}

func (b *Bank) providers(ctx context.Context, in func(status string) bool) ([]Provider, error) {
	all, err := b.Instruments().List(ctx, instrument.Filter{Class: ClassProvider})
	out := []Provider{}
	for _, i := range all {
		var p Provider
		if err := i.Decode(&p); err != nil {
			return nil, err
		}
		if in(i.Status) {
			out = append(out, p)
		}
	}
	return out, err
}

// statusRemoved is a provider that no terminal may charge with any more. It
// stays on record, and its name with it: payments of the past were its.
const statusRemoved = "removed"

// RemoveProvider ends a provider's use. It is refused while a terminal charges
// with it. Notices that are not decided yet are still verified.
func (b *Bank) RemoveProvider(ctx context.Context, name string) error {
	id, _, err := b.provider(ctx, name)
	if err != nil {
		return providerUnknown(err, name)
	}
	all, err := b.Terminals(ctx)
	if err != nil {
		return err
	}
	for _, t := range all {
		if t.Provider == name && !t.Disabled {
			return fault.New(fault.Conflict, "the terminal %q charges cards with %q", t.Name, name).Because("provider-in-use").
				WithHint("disable it first: `bank terminal disable %s`", t.Name)
		}
	}
	return b.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		i, err := tx.Get(id)
		if err != nil || i.Status == statusRemoved {
			return err
		}
		i.Status = statusRemoved
		return tx.Put(i)
	})
}

// inUse refuses the name of a provider that is not there, or no more.
func (b *Bank) inUse(ctx context.Context, name string) error {
	i, err := b.Instruments().Lookup(ctx, ClassProvider, "name", name)
	if err != nil {
		return providerUnknown(err, name)
	}
	if i.Status == statusRemoved {
		return fault.New(fault.Conflict, "the provider %q was removed", name).Because("provider-removed").
			WithHint("payments of the past keep its name: add it by another one with `bank provider add`")
	}
	return nil
}

// CheckProvider asks whether a provider answers and speaks its protocol.
func (b *Bank) CheckProvider(ctx context.Context, name string) error {
	id, _, err := b.provider(ctx, name)
	if err != nil {
		return providerUnknown(err, name)
	}
	self, err := b.self(ctx)
	if err != nil {
		return err
	}
	_, err = b.Execute(ctx, controller.Transaction{
		Principal: self, Protocol: ProtocolCard, Operation: operationCheck, Class: ClassProvider, Instruments: []instrument.ID{id},
	})
	return err
}

func providerUnknown(err error, name string) error {
	if fault.KindOf(err) != fault.NotFound {
		return err
	}
	return fault.Wrap(err, fault.NotFound, "there is no provider %q", name).Because("provider-unknown").WithHint("see `bank provider list`")
}
