package vendor

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// interrupted makes of a provider that could not be reached what the person at
// the terminal needs: whether the card was charged, and how to go on. What else
// ends a payment says so itself.
func (t *Terminal) interrupted(ctx context.Context, w Withdrawal, err error) error {
	if !errors.Is(err, fault.Unavailable) && !errors.Is(err, fault.Timeout) {
		return err
	}
	f := fault.From(err)
	charged := "nothing was charged"
	if t.MayBeCharged(ctx, w) {
		charged = "whether the card was charged is not known yet"
	}
	return fault.Wrap(err, f.Kind, "%s: %s", f.Message, charged).Because(f.Reason).
		WithHint("once the card provider answers, go on with `terminal resume %s`", w.Short())
}

// MayBeCharged says that a card was charged for a withdrawal, or may be: an attempt
// is on record that was not declined.
func (t *Terminal) MayBeCharged(ctx context.Context, w Withdrawal) bool {
	i, err := t.Instruments().Lookup(context.WithoutCancel(ctx), ClassPayment, "reference", w.Reference())
	return err == nil && i.Status != "declined" || err != nil && !errors.Is(err, fault.NotFound)
}
