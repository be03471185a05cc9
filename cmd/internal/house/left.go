package house

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// Unfinished is how many payments of several instruments somebody has begun that are not
// decided or not completely given back. Nobody else goes on with them.
func (h *House) Unfinished(ctx context.Context, p profile.Principal) (int, error) {
	payments, _, err := h.left(ctx, p)
	return payments, err
}

// keepsNothing refuses to remove somebody who has something left.
func (h *House) keepsNothing(ctx context.Context, p profile.Principal) error {
	payments, instruments, err := h.left(ctx, p)
	switch {
	case err != nil:
		return err
	case payments > 0:
		return fault.New(fault.Conflict, "%q has %s not finished, which nobody else goes on with", p.Name, fault.Count(payments, "payment")).Because("payments-left").
			WithHint("%q finishes them first, by `wallet operation resume` or `wallet refund`; to remove all the same, repeat with --lose-instruments", p.Name)
	case instruments > 0:
		return fault.New(fault.Conflict, "%q has %s, which nobody could use any more", p.Name, fault.Count(instruments, "instrument")).Because("instruments-left").
			WithHint("to lose them, repeat with --lose-instruments")
	}
	return nil
}

// left is what would be lost with somebody: payments that are not finished, and
// instruments. Records of payments that are over do not count.
func (h *House) left(ctx context.Context, p profile.Principal) (payments, instruments int, err error) {
	rows, err := h.Store.Rows(ctx, instrument.Filter{Owner: p.ID})
	for _, r := range rows {
		switch {
		case r.Class != controller.ClassPayment:
			instruments++
		case r.Status == client.PaymentOpen, r.Status == client.PaymentRefunding:
			payments++
		}
	}
	return payments, instruments, err
}
