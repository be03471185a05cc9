package client

import (
	"context"
	"errors"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// ForgoPayment ends a payment of several instruments that is to come back and does
// not: because the vendor is gone, or gives nothing back. Once more all of it is
// asked for; what the payer is still without, they give up, and what came back has
// come back. A refund that has begun is not waited for any longer: it may have come
// through at the vendor, who can be asked again with RefundOperation. It is refused
// when ctx ends before all was asked for (fault.Unknown), and of a payment that is not
// to come back (fault.Conflict). Of an open one with a part that may be paid, that part is
// given up, and the others come back.
func (w *Wallet) ForgoPayment(ctx context.Context, name string) (Whole, error) {
	r, err := w.readingNamed(ctx, name)
	if err != nil {
		return Whole{}, err
	}
	leave, err := r.hold(ctx)
	if err != nil {
		return r.whole(), err
	}
	defer leave()
	r.patience = awaitForgone
	switch doubt := r.now.Status == PaymentOpen && r.rec.doubtful() >= 0; {
	case doubt:
		err = r.forgoDoubt(ctx)
		if err == nil && r.now.Status == PaymentRefunding {
			err = r.getBack(ctx)
		}
	case r.now.Status == PaymentRefunding:
		err = r.getBack(ctx)
		if ctx.Err() == nil && r.now.Status == PaymentRefunding {
			err = r.forgo(ctx)
		}
	default:
		err = fault.New(fault.Conflict, "this payment is %s: there is nothing to give up", r.now.Status).Because("payment-not-refunding")
	}
	return r.whole(), err
}

// awaitForgone is how long one waits for a refund that was asked for before and is
// going to be given up: several attempts to reach the vendor.
const awaitForgone = 5 * time.Second

// forgo gives up what has not come back.
func (r *running) forgo(ctx context.Context) error {
	for n, p := range r.rec.Parts {
		if p.State == PartRefunding {
			if err := r.letGo(ctx, n); err != nil {
				return err
			}
		}
	}
	return r.change(ctx, func(p *parent) string {
		if !p.any(PartPaid) {
			return PaymentRefunded
		}
		for n, q := range p.Parts {
			if q.State == PartPaid {
				p.Parts[n].State = PartForgone
			}
		}
		return PaymentForgone
	})
}

// letGo ends a refund of which nobody knows the end. What came of it meanwhile
// counts.
func (r *running) letGo(ctx context.Context, n int) error {
	op := r.rec.Parts[n].Refund
	if err := r.w.Protocols().Forgo(ctx, op); errors.Is(err, fault.NotFound) { // it never began
		return r.change(ctx, func(p *parent) string {
			p.Parts[n].State = PartPaid
			return PaymentRefunding
		})
	} else if err != nil {
		return err
	}
	_, outcome := r.w.Protocols().Await(ctx, op)
	if err := r.recordRefund(ctx, n, outcome); r.rec.Parts[n].State == PartRefunding {
		return err
	}
	return nil
}
