package bank

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/profile"
)

// factFeePercent marks a terminal that takes a percentage of each withdrawal.
const factFeePercent = "fee-percent"

// TillFees are what a terminal takes of each withdrawal; nil if it is not marked for that,
// and then it may take what it likes.
func (b *Bank) TillFees(terminal profile.Principal) (*taler.TillFees, error) {
	text := terminal.Facts[factFeePercent]
	if text == "" {
		return nil, nil
	}
	percent, err := taler.ParsePercent(text)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "what the terminal %s takes cannot be read", terminal.Name)
	}
	return &taler.TillFees{Percent: percent, Unit: taler.PlainCurrency(b.cfg.Currency).Unit()}, nil
}

// SetTillFees marks a terminal as one that takes a percentage, 0 as one that does
// not. It holds for what is set up from now on.
func (b *Bank) SetTillFees(ctx context.Context, name string, percent taler.Percent) error {
	return b.changeAccount(ctx, name, func(p *profile.Principal) {
		delete(p.Facts, factFeePercent)
		if percent != 0 {
			p.Facts[factFeePercent] = percent.String()
		}
	})
}
