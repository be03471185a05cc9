package bank

import (
	"context"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/crypto/masked"
	"github.com/swaperoo/swaperoo/instrument"
)

// Key is the secret with which a provider is asked. It is given when the provider
// is added and never shown again.
type Key = masked.Text

// keyed is the state of a provider with the key of who asks.
type keyed struct {
	Provider
	Key Key `json:"key,omitempty"`
}

// AddProviderKey is AddProvider with the key of who asks, in the form in which the
// provider hands it out.
func (b *Bank) AddProviderKey(ctx context.Context, p Provider, key Key) error {
	if err := checkName(p.Name); err != nil {
		return err
	}
	if !kinds.MatchString(p.Kind) {
		return fault.New(fault.Invalid, "%q is not a kind of provider", p.Kind).Because("provider-kind-unknown").WithHint(`"simulator" and "wallee" are two`)
	}
	u, err := taler.CheckURL(p.URL, true)
	if err != nil {
		return err
	}
	if p.Kind == kindWallee && strings.Trim(u.Path, "/") == "" {
		u.Path = pathWallee
	}
	p.URL = strings.TrimSuffix(u.String(), "/") + "/"
	self, err := b.self(ctx)
	if err != nil {
		return err
	}
	first, err := b.firstStatus(ClassProvider)
	if err != nil {
		return err
	}
	i := instrument.Instance{Class: ClassProvider, Owner: self.ID, Name: p.Name, Status: first, Keys: map[string]string{"name": p.Name}}
	if err := i.Encode(keyed{p, key}); err != nil {
		return err
	}
	return b.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		_, err := tx.Create(i)
		return err
	})
}

// RotateProviderKey has a provider asked with another key from now on, also for what
// is under way, and by another user unless that is 0. Nobody is asked. What the
// provider's kind cannot be asked with is refused by its class, and nothing has changed.
// One that was removed is asked so, too: what was paid there may have to be given back.
func (b *Bank) RotateProviderKey(ctx context.Context, name string, user int64, key Key) error {
	id, p, err := b.provider(ctx, name)
	if err != nil {
		return providerUnknown(err, name)
	}
	if p.Kind != kindWallee {
		return fault.New(fault.Invalid, "a provider of the kind %s is asked without a key", p.Kind).Because("key-not-wanted")
	}
	err = b.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		return amend(tx, id, func(_ *instrument.Instance, now *keyed) (bool, error) {
			if now.Key = key; user != 0 {
				now.User = user
			}
			return true, nil
		})
	})
	b.known.Delete(name)
	return err
}
