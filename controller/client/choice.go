package client

import (
	"context"
	"slices"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
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

// candidate is an offer that can be taken, and the instruments that can pay under it.
type candidate struct {
	offer controller.Offered
	held  []instrument.Instance
}

// choose finds the class to pay with, among those that the vendor takes and this wallet
// holds, and the instruments of it that can pay. peer is the vendor's key.
func (w *Wallet) choose(ctx context.Context, offers []controller.Offered, p Payment, peer string) (candidate, error) {
	if p.Instrument != "" {
		i, err := w.Instruments().View(ctx, p.Instrument)
		if err != nil {
			return candidate{}, err
		}
		if p.Class != "" && p.Class != i.Class {
			return candidate{}, fault.New(fault.Invalid, "instrument %s is a %s", i.ID, i.Class).Because("class-differs")
		}
		p.Class = i.Class
	}
	can, err := w.candidates(ctx, offers, p, peer)
	switch {
	case err != nil:
		return candidate{}, err
	case len(can) == 0:
		return candidate{}, w.noCandidate(p)
	case len(can) == 1:
		return can[0], nil
	case p.Choose != nil:
		return p.Choose.picks(ctx, can)
	}
	names := make([]string, len(can))
	for n, c := range can {
		names[n] = string(c.offer.Class)
	}
	return candidate{}, fault.New(fault.Invalid, "the vendor takes %d classes that this wallet holds", len(can)).
		Because("input-needed").WithHint("say which: --class %s", strings.Join(names, " or --class "))
}

// candidates lists the offers that can be taken. That of a class which the person has named is
// listed even where no instrument can pay under it.
func (w *Wallet) candidates(ctx context.Context, offers []controller.Offered, p Payment, peer string) ([]candidate, error) {
	var can []candidate
	for _, o := range offers {
		if p.Class != "" && o.Class != p.Class {
			continue
		}
		held, err := w.usable(ctx, o.Class)
		if err != nil {
			return nil, err
		}
		if p.Instrument != "" {
			held = slices.DeleteFunc(held, func(i instrument.Instance) bool { return i.ID != p.Instrument })
		} else if fit, err := w.payable(held, o.Class, o.Body.Terms.Price, peer); err != nil {
			return nil, err
		} else if p.Class == "" || len(fit) > 0 { // else its PAY says why not
			held = fit
		}
		if len(held) > 0 || p.Class != "" {
			can = append(can, candidate{o, held})
		}
	}
	return can, nil
}

// noCandidate says why nothing can be paid: the class is not installed here, or the vendor does
// not take it, or this wallet has nothing that the vendor takes.
func (w *Wallet) noCandidate(p Payment) error {
	if p.Class == "" {
		return p.orUnsaid(fault.New(fault.NotFound, "this wallet holds nothing that the vendor takes for this").Because("instrument-missing"),
			"look at `wallet instrument list`")
	}
	if _, err := w.Instruments().Class(p.Class); err != nil {
		return err
	}
	return p.orUnsaid(fault.New(fault.Unsupported, "the vendor does not take %s for this", p.Class).Because("class-not-offered"),
		"say another --class, or ask the vendor what they take")
}

// orUnsaid advises somebody who cannot pay: a vendor that does not know what is to be paid
// takes nothing either.
func (p Payment) orUnsaid(f *fault.Fault, advice string) error {
	if p.Amount == (instrument.Amount{}) {
		advice = "if the vendor does not know how much, say it with --amount; else " + advice
	}
	return f.WithHint("%s", advice)
}

// picks lets the person choose among the instruments that can pay, each with its offer.
func (choose Choose) picks(ctx context.Context, can []candidate) (candidate, error) {
	var all []Choice
	for _, c := range can {
		for _, i := range c.held {
			all = append(all, Choice{i, c.offer.Body.Terms})
		}
	}
	id, err := choose(ctx, all)
	if err != nil {
		return candidate{}, err
	}
	for _, c := range can {
		if at := slices.IndexFunc(c.held, func(i instrument.Instance) bool { return i.ID == id }); at >= 0 {
			return candidate{c.offer, c.held[at : at+1]}, nil
		}
	}
	return candidate{}, fault.New(fault.Invalid, "that instrument does not pay here").Because("instrument-missing")
}

// payingWith is the instrument that pays (§5.5): zero where PAY takes none and the person has
// named none.
func (w *Wallet) payingWith(ctx context.Context, p Payment, c candidate, pay protocol.Operation) (instrument.Instance, error) {
	switch {
	case p.Instrument != "" && len(c.held) == 0:
		return instrument.Instance{}, w.unusable(ctx, p.Instrument)
	case p.Instrument == "" && pay.Instruments == protocol.WantsNone:
		return instrument.Instance{}, nil
	}
	if len(c.held) > 1 && p.Choose != nil {
		picked, err := p.Choose.picks(ctx, []candidate{c})
		if err != nil {
			return instrument.Instance{}, err
		}
		c = picked
	}
	return one(c.held, c.offer.Class)
}
