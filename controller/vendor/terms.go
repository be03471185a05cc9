package vendor

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
)

// terms reads the exchange's terms of service, to be shown to the customer.
func (t *Terminal) terms(ctx context.Context, exchange string) (taler.TermsResult, error) {
	var out taler.TermsResult
	id, err := t.exchange(ctx, exchange)
	if err != nil {
		return out, err
	}
	err = t.alone(ctx, controller.Transaction{
		Protocol: protocolExchange, Operation: operationTerms, Class: ClassExchange, Instruments: []instrument.ID{id},
	}, &out)
	return out, err
}

// exchange finds the instrument of an exchange, or makes it.
func (t *Terminal) exchange(ctx context.Context, url string) (instrument.ID, error) {
	known, err := t.Instruments().Lookup(ctx, ClassExchange, "url", url)
	if err == nil || !errors.Is(err, fault.NotFound) {
		return known.ID, err
	}
	self, err := t.Own(ctx)
	if err != nil {
		return "", err
	}
	i := instrument.Instance{Class: ClassExchange, Owner: self.ID, Name: url, Status: taler.ExchangeNew, Keys: map[string]string{"url": url}}
	if err := i.Encode(taler.ExchangeState{URL: url}); err != nil {
		return "", err
	}
	var id instrument.ID
	err = t.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		if id, err = tx.Find(ClassExchange, "url", url); errors.Is(err, fault.NotFound) { // else another withdrawal was faster
			id, err = tx.Create(i)
		}
		return err
	})
	return id, err
}
