package till

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/vendor"
)

// reasonElsewhere marks a question that nobody need answer any more: another process, such as that of
// a person at the terminal, goes on with the withdrawal.
const reasonElsewhere fault.Reason = "elsewhere"

// settled waits until a withdrawal is over, or accepted if it was not. While another process brings it
// to its end, this one stays out of its way. It returns nil as well when ctx ends.
func (t *Till) settled(ctx context.Context, was vendor.Withdrawal) error {
	return t.terminal.Instruments().Wait(ctx, was.ID, func(ctx context.Context) (bool, error) {
		now, err := t.terminal.FindByRequest(ctx, was.RequestUID)
		return err == nil && (now.Over() || was.AwaitsCustomer() && !now.AwaitsCustomer()), err
	})
}

// moved reports whether a withdrawal is not where it was.
func (t *Till) moved(ctx context.Context, was vendor.Withdrawal) bool {
	now, err := t.terminal.FindByRequest(ctx, was.RequestUID)
	return err == nil && (now.Status != was.Status || now.AwaitsCustomer() != was.AwaitsCustomer())
}

func elsewhere() error {
	return fault.New(fault.Conflict, "another process goes on with the withdrawal").Because(reasonElsewhere)
}

// oversee tells the end of a sale that a problem has stopped, if another process brings it there. It
// leaves a sale with which somebody has gone on here.
func (t *Till) oversee(ctx context.Context, s *sale, w vendor.Withdrawal) {
	why := t.stop(w)
	if why == nil || w.ID == "" {
		return
	}
	over := false
	err := t.terminal.Instruments().Wait(ctx, w.ID, func(ctx context.Context) (done bool, err error) {
		if t.stop(w) != why {
			return true, nil
		}
		w, err = t.terminal.FindByRequest(ctx, s.order.RequestUID)
		over = err == nil && w.Over()
		return over, err
	})
	if err != nil {
		t.terminal.Log().Error("a withdrawal that has stopped is not watched any more", "withdrawal", w.ID, "error", err)
	}
	if over {
		s.Show(ending(w))
	}
}
