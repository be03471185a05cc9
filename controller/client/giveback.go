package client

import (
	"context"
	"errors"
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// getBack gets everything back that was paid. What does not come back now is asked
// for again when the payment is resumed.
func (r *running) getBack(ctx context.Context) error {
	var failed []error
	for n, p := range r.rec.Parts {
		if p.State == PartPaid || p.State == PartRefunding {
			failed = append(failed, r.getPartBack(ctx, n))
		}
	}
	if err := errors.Join(failed...); err != nil {
		first := slices.IndexFunc(failed, func(err error) bool { return err != nil })
		return undecided(err, "what was paid has not come back yet: %s", fault.From(failed[first]).Message)
	}
	return r.change(ctx, func(*parent) string { return PaymentRefunded })
}

// getPartBack gets one part back. As with its payment, the operation is on record
// before it begins; REFUND says the same however often it is asked.
func (r *running) getPartBack(ctx context.Context, n int) error {
	if p := r.rec.Parts[n]; p.State == PartRefunding {
		if known, err := r.await(ctx, p.Refund); known {
			return r.recordRefund(ctx, n, err)
		}
	}
	p := r.rec.Parts[n]
	if err := r.open(ctx); err != nil {
		return err
	}
	if err := selectRefund(ctx, r.session, p.Class, p.Protocol, p.Operation); err != nil {
		return err
	}
	if p.State != PartRefunding {
		op, err := r.operation(operationGivesBack, n, p.Refunds+1)
		if err != nil {
			return err
		}
		err = r.change(ctx, func(p *parent) string {
			q := &p.Parts[n]
			q.State, q.Refunds, q.Refund = PartRefunding, q.Refunds+1, op
			return PaymentRefunding
		})
		if err != nil {
			return err
		}
	}
	result, err := r.session.Execute(ctx, refundOf(r.w, r.rec.Parts[n].Refund, p.Class, p.Instrument, p.Operation), nil)
	if err == nil {
		err = p.checkRefund(result.Amount)
	}
	return r.recordRefund(ctx, n, err)
}

// checkRefund refuses to call a part refunded of which a vendor has given back less, or more.
func (p part) checkRefund(what instrument.Amount) error {
	if what == p.cost() {
		return nil
	}
	return fault.New(fault.Unknown, "%s of %s came back", what, p.cost()).Because("refund-differs").WithHint("ask the vendor")
}

// recordRefund records how a refund has ended. One that has failed is asked for again as
// another operation.
func (r *running) recordRefund(ctx context.Context, n int, outcome error) error {
	if outcome != nil && r.ended(ctx, r.rec.Parts[n].Refund) == nil {
		return outcome
	}
	err := r.change(ctx, func(p *parent) string {
		q := &p.Parts[n]
		if q.State, q.Reason = PartRefunded, ""; outcome != nil {
			q.State, q.Reason = PartPaid, fault.From(outcome).Message
		}
		return PaymentRefunding
	})
	return errors.Join(outcome, err)
}

// RefundPayment gets back what was paid of a payment of several instruments that is
// still open, instead of the rest being paid. While a process works on it that is
// fault.Locked.
func (w *Wallet) RefundPayment(ctx context.Context, name string) (Whole, error) {
	r, err := w.readingNamed(ctx, name)
	if err != nil {
		return Whole{}, err
	}
	leave, err := r.hold(ctx)
	if err != nil {
		return r.whole(), err
	}
	defer leave()
	if r.now.Status == PaymentPaid {
		return r.whole(), paidInFull()
	}
	err = r.decideRefund(ctx)
	if err == nil && r.now.Status == PaymentRefunding {
		err = r.getBack(ctx)
	}
	return r.whole(), err
}

func paidInFull() error {
	return fault.New(fault.Conflict, "this payment is paid in full: the vendor gives back its parts, one by one").Because("payment-over").
		WithHint("ask the vendor, then `wallet refund` the operation of a part")
}

// decideRefund decides that an open payment comes back, once it is known what was paid. One that
// turns out to be paid in full stays so: its vendor delivers for it.
func (r *running) decideRefund(ctx context.Context) error {
	if r.now.Status != PaymentOpen {
		return nil
	}
	if n := r.rec.next(); n >= 0 && r.rec.Parts[n].State == PartPaying {
		if known, err := r.await(ctx, r.rec.Parts[n].Operation); known {
			if err = r.recordPayment(ctx, n, err); err != nil && !fault.NothingHappened(err) {
				return err
			}
		}
	}
	if err := r.inDoubt(); err != nil {
		return err
	}
	if r.rec.next() < 0 {
		return errors.Join(r.change(ctx, func(*parent) string { return PaymentPaid }), paidInFull())
	}
	return r.change(ctx, func(p *parent) string {
		p.Reason = "you wanted it back"
		if n := p.next(); n >= 0 && p.Parts[n].State == PartPaying { // it was refused, or never began
			p.Parts[n].State = PartFailed
		}
		return p.broken()
	})
}
