package client

import (
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Share is what one instrument pays.
type Share struct {
	Instrument instrument.ID
	Amount     instrument.Amount // zero: what the others leave; of one share only
}

// shares gives the rest to the share that has no amount.
func (p Together) shares() ([]Share, error) {
	malformed := func(format string, args ...any) ([]Share, error) {
		return nil, fault.New(fault.Invalid, format, args...).Because("parts-malformed").
			WithHint("such as --amount CHF:12 --instrument coupon=CHF:5 --instrument card")
	}
	if p.Amount.IsZero() {
		return malformed("how much is it in all?")
	}
	out, rest, open := slices.Clone(p.Shares), p.Amount, -1
	for n, s := range out {
		if slices.ContainsFunc(out[:n], func(o Share) bool { return o.Instrument == s.Instrument }) {
			return malformed("an instrument pays one part")
		}
		if s.Amount == (instrument.Amount{}) {
			if open >= 0 {
				return malformed("only one part takes the rest")
			}
			open = n
			continue
		}
		left, err := rest.Sub(s.Amount)
		if err != nil || s.Amount.IsZero() {
			return malformed("the parts are more than %s, in other money, or nothing", p.Amount)
		}
		rest = left
	}
	switch {
	case open >= 0 && rest.IsZero(), open < 0 && !rest.IsZero():
		return malformed("the parts do not make up %s", p.Amount)
	case open >= 0:
		out[open].Amount = rest
	}
	return out, nil
}
