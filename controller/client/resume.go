package client

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
)

// ReasonAmbiguous marks a name with which several things begin.
const ReasonAmbiguous fault.Reason = "name-ambiguous"

// FindPayment finds a payment of several instruments by a unique beginning of its
// operation, of at least eight characters; fault.NotFound. Several are fault.Invalid,
// reason "name-ambiguous".
func (w *Wallet) FindPayment(ctx context.Context, name string) (Whole, error) {
	i, err := w.findPayment(ctx, name)
	if err != nil {
		return Whole{}, err
	}
	return wholeOf(i)
}

func (w *Wallet) findPayment(ctx context.Context, name string) (instrument.Instance, error) {
	all, err := w.Instruments().List(ctx, instrument.Filter{Class: controller.ClassPayment, Owner: w.user.ID})
	if err != nil {
		return instrument.Instance{}, err
	}
	all = slices.DeleteFunc(all, func(i instrument.Instance) bool {
		return len(name) < shortest || !strings.HasPrefix(i.Keys[keyOperation], strings.ToLower(name))
	})
	switch len(all) {
	case 0:
		return instrument.Instance{}, fault.New(fault.NotFound, "this wallet has no such payment").Because("operation-unknown")
	case 1:
		return all[0], nil
	}
	return instrument.Instance{}, fault.New(fault.Invalid, "%d payments begin like that", len(all)).Because(ReasonAmbiguous).WithHint("give more characters")
}

// ResumePayment goes on with a payment of several instruments: it is paid, or what
// was paid comes back.
func (w *Wallet) ResumePayment(ctx context.Context, name string, who Payer) (Whole, error) {
	i, err := w.findPayment(ctx, name)
	if err != nil {
		return Whole{}, err
	}
	return w.resume(ctx, i, who)
}

// ResumePayments goes on with all that an earlier life has left, without a person.
// What somebody works on who lives is theirs.
func (w *Wallet) ResumePayments(ctx context.Context) error {
	var failed []error
	for _, status := range []string{PaymentOpen, PaymentRefunding} {
		all, err := w.Instruments().List(ctx, instrument.Filter{Class: controller.ClassPayment, Owner: w.user.ID, Status: status})
		if err != nil {
			return err
		}
		for _, i := range all {
			if _, err := w.resume(ctx, i, Nobody{}); errors.Is(err, fault.Unknown) {
				failed = append(failed, err)
			}
		}
	}
	return errors.Join(failed...)
}

// AbandonPayment ends a payment of which nothing was paid and nothing can be any
// more. Else it is refused (fault.Conflict): what was paid comes back first. A part whose
// operation never began, for its instrument was in use, has paid nothing.
func (w *Wallet) AbandonPayment(ctx context.Context, name string) (Whole, error) {
	r, err := w.readingNamed(ctx, name)
	if err != nil {
		return Whole{}, err
	}
	if r.over() {
		return Whole{}, fault.New(fault.Conflict, "this payment is %s", r.now.Status).Because("operation-ended")
	}
	free, err := w.busy.take(r.rec.Operation)
	if err != nil {
		return Whole{}, err
	}
	defer free()
	if err := r.mine(); err != nil {
		return Whole{}, err
	}
	switch outside, err := r.outside(ctx); {
	case err != nil:
		return Whole{}, err
	case outside:
		return Whole{}, fault.New(fault.Conflict, "a part of this payment was paid or may have been").Because("value-outside").WithHint("%s", r.insteadOfAbandoning())
	}
	err = r.change(ctx, func(p *parent) string {
		for n, part := range p.Parts {
			if part.State == PartPaying { // it never began
				p.Parts[n].State = PartFailed
			}
		}
		p.Reason = "abandoned"
		return PaymentAborted
	})
	return r.whole(), err
}

// outside reports whether anything of a payment was paid or may have been. The caller has
// made sure that nobody else works on it: an operation that is on no record and does not run
// here never began.
func (r *running) outside(ctx context.Context) (bool, error) {
	if r.rec.any(PartPaid, PartRefunding, PartRefunded) || r.rec.doubtful() >= 0 {
		return true, nil
	}
	for _, p := range r.rec.Parts {
		if p.State != PartPaying {
			continue
		}
		if r.w.Protocols().Runs(p.Operation) {
			return true, nil
		}
		if begun, err := r.recorded(ctx, p.Operation); begun || err != nil {
			return true, err
		}
	}
	return false, nil
}

func (r *running) insteadOfAbandoning() string {
	switch {
	case r.now.Status == PaymentRefunding:
		return "go on with `wallet operation resume`; to give up what does not come back, repeat with --forgo"
	case r.rec.any(PartPaying, PartPaid, PartRefunding, PartRefunded):
		return "go on with `wallet operation resume`, or get it back with `wallet refund`"
	}
	return r.findOut()
}
