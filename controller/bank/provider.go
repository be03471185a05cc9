package bank

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
)

// Provider is a card payment provider as the bank and the terminals keep it: an
// instrument of class card-provider.
type Provider struct {
	Name string `json:"name"`
	Kind string `json:"kind"` // "simulator"
	URL  string `json:"url"`
}

// WireType is the payto kind of card payments at the provider: what /config of
// the Terminal API says, and what histories name the sender with.
func (p Provider) WireType() string { return p.Kind + "-transaction" }

// provider finds a provider by name; fault.NotFound.
func (b *Bank) provider(ctx context.Context, name string) (instrument.ID, Provider, error) {
	i, err := b.Instruments().Lookup(ctx, ClassProvider, "name", name)
	if err != nil {
		return "", Provider{}, err
	}
	var p Provider
	err = i.Decode(&p)
	return i.ID, p, err
}

// ProviderOf is the provider that a terminal charges cards with.
func (b *Bank) ProviderOf(ctx context.Context, name string) (Provider, error) {
	_, p, err := b.provider(ctx, name)
	return p, err
}

// CheckProvider asks whether a provider answers and speaks its protocol.
func (b *Bank) CheckProvider(ctx context.Context, name string) error {
	id, _, err := b.provider(ctx, name)
	if err != nil {
		return fault.Wrap(err, fault.NotFound, "there is no provider %q", name).Because("provider-unknown").WithHint("see `bank provider list`")
	}
	self, err := b.Own(ctx)
	if err != nil {
		return err
	}
	_, err = b.Execute(ctx, controller.Transaction{
		Principal: self, Protocol: protocolCard, Operation: operationCheck, Class: ClassProvider, Instruments: []instrument.ID{id},
	})
	return err
}
