package client

import (
	"context"
	"slices"
	"strings"

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

// choose finds the class to pay with, among those that the vendor takes and this wallet
// holds, and the instruments of it that can pay.
func (w *Wallet) choose(ctx context.Context, offers []controller.Offered, p Payment) (controller.Offered, []instrument.Instance, error) {
	none := controller.Offered{}
	if p.Instrument != "" {
		i, err := w.Instruments().View(ctx, p.Instrument)
		if err != nil {
			return none, nil, err
		}
		if p.Class != "" && p.Class != i.Class {
			return none, nil, fault.New(fault.Invalid, "instrument %s is a %s", i.ID, i.Class).Because("class-differs")
		}
		p.Class = i.Class
	}
	can, have, err := w.payable(ctx, offers, p)
	if err != nil {
		return none, nil, err
	}
	switch len(can) {
	case 0:
		if p.Class != "" {
			if _, err := w.Instruments().Class(p.Class); err != nil {
				return none, nil, err
			}
			return none, nil, p.orUnsaid(fault.New(fault.Unsupported, "the vendor does not take %s for this", p.Class).Because("class-not-offered"),
				"say another --class, or ask the vendor what they take")
		}
		return none, nil, p.orUnsaid(fault.New(fault.NotFound, "this wallet holds nothing that the vendor takes for this").Because("instrument-missing"),
			"look at `wallet instrument list`")
	case 1:
		return can[0], have[0], nil
	}
	if p.Choose != nil {
		return p.Choose.picks(ctx, can, have)
	}
	names := make([]string, len(can))
	for n, o := range can {
		names[n] = string(o.Class)
	}
	return none, nil, fault.New(fault.Invalid, "the vendor takes %d classes that this wallet holds", len(can)).
		Because("input-needed").WithHint("say which: --class %s", strings.Join(names, " or --class "))
}

// orUnsaid advises somebody who cannot pay: a vendor that does not know what is to be paid
// takes nothing either.
func (p Payment) orUnsaid(f *fault.Fault, advice string) error {
	if p.Amount == (instrument.Amount{}) {
		advice = "if the vendor does not know how much, say it with --amount; else " + advice
	}
	return f.WithHint("%s", advice)
}

// payable lists the offers that can be taken, and beside each the instruments that can pay
// under it. The offer of a class that the person has named is listed even without any.
func (w *Wallet) payable(ctx context.Context, offers []controller.Offered, p Payment) (can []controller.Offered, have [][]instrument.Instance, err error) {
	for _, o := range offers {
		if p.Class != "" && o.Class != p.Class {
			continue
		}
		held, err := w.usable(ctx, o.Class)
		if err != nil {
			return nil, nil, err
		}
		if p.Instrument != "" {
			held = slices.DeleteFunc(held, func(i instrument.Instance) bool { return i.ID != p.Instrument })
		}
		if len(held) > 0 || p.Class != "" {
			can, have = append(can, o), append(have, held)
		}
	}
	return can, have, nil
}

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
