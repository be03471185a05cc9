package vendor

import (
	"context"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
)

// CardProvider is a card payment provider as the terminal keeps it: an instrument
// of class card-provider.
type CardProvider struct {
	Name string `json:"name"`
	Kind string `json:"kind"` // "simulator"
	URL  string `json:"url"`  // base URL; ends with a slash
}

// Statuses of a card-provider.
const (
	providerActive  = "active"
	providerRemoved = "removed"
)

// AddProvider makes a provider known. Nobody is asked; CheckProvider does that.
// A name that is taken is fault.Conflict, reason "name-taken".
func (t *Terminal) AddProvider(ctx context.Context, p CardProvider) error {
	u, err := taler.CheckURL(p.URL, true) // whether http is allowed was the caller's to judge
	if err != nil {
		return err
	}
	p.URL = strings.TrimSuffix(u.String(), "/") + "/"
	self, err := t.Own(ctx)
	if err != nil {
		return err
	}
	i := instrument.Instance{Class: ClassProvider, Owner: self.ID, Name: p.Name, Status: providerActive, Keys: map[string]string{"name": p.Name}}
	if err := i.Encode(p); err != nil {
		return err
	}
	return t.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		_, err := tx.Create(i)
		return err
	})
}

// Providers lists those that may be charged with, in the order in which they
// were added.
func (t *Terminal) Providers(ctx context.Context) ([]CardProvider, error) {
	all, err := t.Instruments().List(ctx, instrument.Filter{Class: ClassProvider, Status: providerActive})
	out := make([]CardProvider, len(all))
	for n, i := range all {
		if err := i.Decode(&out[n]); err != nil {
			return nil, err
		}
	}
	return out, err
}

// RemoveProvider ends a provider's use; fault.NotFound. It stays on record:
// payments of the past were its.
func (t *Terminal) RemoveProvider(ctx context.Context, name string) error {
	id, err := t.providerNamed(ctx, name)
	if err != nil {
		return err
	}
	return t.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		i, err := tx.Get(id)
		if err != nil || i.Status == providerRemoved {
			return err
		}
		i.Status = providerRemoved
		return tx.Put(i)
	})
}

// CheckProvider asks whether a provider answers and speaks its protocol.
func (t *Terminal) CheckProvider(ctx context.Context, name string) error {
	id, err := t.providerNamed(ctx, name)
	if err != nil {
		return err
	}
	return t.alone(ctx, controller.Transaction{
		Protocol: protocolCard, Operation: operationCheck, Class: ClassProvider, Instruments: []instrument.ID{id},
	}, nil)
}

func (t *Terminal) providerNamed(ctx context.Context, name string) (instrument.ID, error) {
	i, err := t.Instruments().Lookup(ctx, ClassProvider, "name", name)
	if fault.KindOf(err) == fault.NotFound {
		return "", fault.Wrap(err, fault.NotFound, "there is no provider %q", name).Because("provider-unknown").WithHint("see `terminal provider list`")
	}
	return i.ID, err
}
