package client

import (
	"context"
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
)

// Choice is an instrument that can pay, and the vendor's terms for its class.
type Choice struct {
	With  instrument.Instance
	Terms instrument.Terms
}

// Choose asks the person which of several instruments pays: a wallet that hides the
// steps "can present the user with a choice of all instruments" (paper §5.5). It is
// asked once for a payment, and before anything is agreed to.
type Choose func(context.Context, []Choice) (instrument.ID, error)

// picks lets the person choose among the instruments that can pay, each with its offer.
func (choose Choose) picks(ctx context.Context, can []controller.Offered, have [][]instrument.Instance) (controller.Offered, []instrument.Instance, error) {
	var all []Choice
	for n, o := range can {
		for _, i := range have[n] {
			all = append(all, Choice{i, o.Body.Terms})
		}
	}
	id, err := choose(ctx, all)
	if err != nil {
		return controller.Offered{}, nil, err
	}
	for n, o := range can {
		if at := slices.IndexFunc(have[n], func(i instrument.Instance) bool { return i.ID == id }); at >= 0 {
			return o, have[n][at : at+1], nil
		}
	}
	return controller.Offered{}, nil, fault.New(fault.Invalid, "that instrument does not pay here").Because("instrument-missing")
}
