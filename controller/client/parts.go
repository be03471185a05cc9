package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// awaitPart is how long one waits for an operation of a part that an earlier life
// has begun.
const awaitPart = 30 * time.Second

// running is a payment of several instruments that somebody works on: one at a
// time, see claim. The record has one version besides.
type running struct {
	w        *Wallet
	who      Payer
	now      instrument.Instance
	rec      parent
	session  *controller.Session
	patience time.Duration // for what an earlier life has begun; none: awaitPart
}

func (w *Wallet) reading(i instrument.Instance, who Payer) (*running, error) {
	r := &running{w: w, who: who, now: i}
	err := i.Decode(&r.rec)
	return r, err
}

func (w *Wallet) readingNamed(ctx context.Context, name string) (*running, error) {
	i, err := w.findPayment(ctx, name)
	if err != nil {
		return nil, err
	}
	return w.reading(i, Nobody{})
}

// resume goes on with a payment, unless somebody works on it.
func (w *Wallet) resume(ctx context.Context, i instrument.Instance, who Payer) (Whole, error) {
	free, err := w.busy.take(instrument.OperationID(i.Keys[keyOperation]))
	if err != nil {
		return Whole{}, err
	}
	defer free()
	return w.finish(ctx, i, who)
}

// finish works on a payment until it is decided and the decision is carried out.
func (w *Wallet) finish(ctx context.Context, i instrument.Instance, who Payer) (Whole, error) {
	r, err := w.reading(i, who)
	if err != nil {
		return Whole{}, err
	}
	if err := r.claim(ctx); err != nil {
		return r.whole(), err
	}
	defer r.close(ctx)
	for err == nil && r.now.Status == PaymentOpen {
		err = r.step(ctx)
	}
	if err == nil && r.now.Status == PaymentRefunding {
		err = r.giveUp(ctx)
	}
	if err == nil {
		err = r.outcome()
	}
	r.release(ctx)
	return r.whole(), err
}

// outcome is how a payment that is decided has ended.
func (r *running) outcome() error {
	failed := func(reason fault.Reason, how string) error {
		return fault.New(fault.Declined, "the payment did not come about: %s; %s", r.rec.Reason, how).Because(reason).
			WithHint("`wallet operation show %s` tells of each part; to pay after all, begin a new payment", r.rec.name())
	}
	switch r.now.Status {
	case PaymentRefunded:
		return failed("payment-given-back", "what was paid has come back")
	case PaymentForgone:
		return failed("payment-forgone", "you have given up what did not come back")
	case PaymentAborted:
		return failed("payment-aborted", "nothing was paid now")
	}
	return nil
}

// step pays the next part, or decides.
func (r *running) step(ctx context.Context) error {
	n := r.rec.next()
	if n < 0 {
		return r.change(ctx, func(*parent) string { return PaymentPaid })
	}
	err := r.pay(ctx, n)
	if err == nil || !fault.NothingHappened(err) {
		return err
	}
	other, asking := r.who.Instead(ctx, r.whole().Parts[n], err)
	if asking != nil {
		return asking
	}
	if other != "" {
		return r.replace(ctx, n, other)
	}
	return r.change(ctx, func(p *parent) string {
		p.Parts[n].State, p.Parts[n].Reason = PartFailed, fault.From(err).Message
		p.Reason = p.Parts[n].Reason
		return p.broken()
	})
}

// later is the fault of a payment that is not decided yet.
func later(err error, format string, args ...any) error {
	return fault.Wrap(err, fault.Unknown, format, args...).Because(protocol.ReasonPending).WithHint("go on with `wallet operation resume`")
}

// replace takes another instrument for a part that has failed.
func (r *running) replace(ctx context.Context, n int, other instrument.ID) error {
	i, err := r.w.Instruments().View(ctx, other)
	if err != nil {
		return err
	}
	return r.change(ctx, func(p *parent) string {
		q := &p.Parts[n]
		q.Asked = q.asked()
		q.Instrument, q.Class, q.Protocol, q.State, q.Choice, q.Reason = i.ID, i.Class, "", PartWaiting, q.Choice+1, ""
		return PaymentOpen
	})
}

// pay pays one part. Its operation is on record before it begins; one of an
// earlier life is waited for, and one that never began begins.
func (r *running) pay(ctx context.Context, n int) error {
	if p := r.rec.Parts[n]; p.State == PartPaying {
		if known, err := r.await(ctx, p.Operation); known {
			return r.paid(ctx, n, err)
		}
	}
	p := r.rec.Parts[n]
	if p.doubt() { // one of its operations may have ended well since
		well, _, err := r.earlier(ctx, n)
		if err != nil {
			return err
		}
		if well != "" {
			return r.paidBy(ctx, n, well)
		}
	}
	bill, err := r.negotiate(ctx, Payment{Amount: p.Amount, Invoice: r.rec.invoice(n), Instrument: p.Instrument})
	if err == nil {
		err = bill.maybePart()
	}
	if err == nil {
		err = bill.costsAtMost(p.Price)
	}
	if err != nil {
		return r.unlessDoubt(n, err)
	}
	if p.State != PartPaying || p.cost() != bill.Terms.Price {
		try := p.Tries + 1
		if p.State == PartPaying { // it never began, and costs less by now
			try = p.Tries
		}
		op, err := r.operation("pay", n, try)
		if err != nil {
			return err
		}
		err = r.change(ctx, func(p *parent) string {
			q := &p.Parts[n]
			q.State, q.Tries, q.Operation, q.Protocol, q.Cost = PartPaying, try, op, bill.Protocol, bill.Terms.Price
			return PaymentOpen
		})
		if err != nil {
			return err
		}
	}
	_, err = r.session.Execute(ctx, controller.Transaction{
		ID: r.rec.Parts[n].Operation, Principal: r.w.user, Operation: protocol.Pay, Class: bill.Class, Instruments: []instrument.ID{p.Instrument},
	}, nil)
	return r.paid(ctx, n, err)
}

// paid records how the operation of a part has ended. What nobody can know of it is
// found out by the same part's next operation; that another one was not let find it out
// says nothing of the first, unless it was because an earlier one has paid.
func (r *running) paid(ctx context.Context, n int, outcome error) error {
	doubt := r.rec.Parts[n].doubt()
	switch {
	case outcome == nil:
		return r.change(ctx, func(p *parent) string {
			p.Parts[n].State, p.Parts[n].Reason = PartPaid, ""
			return PaymentOpen
		})
	case fault.ReasonOf(outcome) == protocol.ReasonAbandoned && !doubt: // which is refused while anything is outside
		return fault.Wrap(outcome, fault.Declined, "its operation was abandoned").Because(protocol.ReasonAbandoned)
	case doubt && fault.ReasonOf(outcome) == controller.ReasonPartPaid:
		return r.paidByEarlier(ctx, n, outcome)
	case fault.NothingHappened(outcome) && (!doubt || lookedFor(outcome)):
		return outcome
	}
	switch end := r.ended(ctx, r.rec.Parts[n].Operation); {
	case end != nil && end.Fault == nil: // behind the back of whoever waited for it
		return r.paid(ctx, n, nil)
	case end != nil:
		err := r.change(ctx, func(p *parent) string {
			p.Parts[n].State, p.Parts[n].Reason = PartWaiting, cmp.Or(fault.From(outcome).Message, "nobody knows")
			return PaymentOpen
		})
		if err != nil {
			return err
		}
	case !doubt && r.inUse(ctx, r.rec.Parts[n].Operation, outcome):
		f := fault.From(outcome)
		return fault.Wrap(outcome, fault.Unknown, "part %d of %s is not paid yet: %s", n+1, r.rec.name(), f.Message).Because(protocol.ReasonPending).
			WithHint("when that has ended `wallet operation resume` goes on with it; to have back what was paid: `wallet refund %s`", r.rec.name())
	}
	return notKnown(n, outcome)
}

// inUse reports whether an operation never began, for another one holds its instrument.
func (r *running) inUse(ctx context.Context, op instrument.OperationID, outcome error) bool {
	if !errors.Is(outcome, fault.Locked) || r.w.Protocols().Runs(op) {
		return false
	}
	known, err := r.recorded(ctx, op)
	return err == nil && !known
}

// negotiate goes through the steps for one part. A vendor that cannot be asked has
// refused nothing.
func (r *running) negotiate(ctx context.Context, p Payment) (Bill, error) {
	if err := r.open(ctx); err != nil {
		return Bill{}, err
	}
	bill, err := r.w.negotiate(ctx, r.session, p)
	return bill, r.unlessAway(err)
}

func (r *running) open(ctx context.Context) (err error) {
	if r.session == nil {
		r.session, err = r.w.ResumeSession(ctx, r.rec.Peer, controller.Login{})
		if err != nil {
			r.session = nil
		}
	}
	return r.unlessAway(err)
}

func (r *running) unlessAway(err error) error {
	switch fault.KindOf(err) {
	case fault.Unavailable, fault.Timeout, fault.Unknown, fault.Internal:
		if err != nil {
			return later(err, "%s cannot be asked now: %s", r.rec.Peer.Name, fault.From(err).Message)
		}
	}
	return err
}

func (r *running) close(ctx context.Context) {
	if r.session != nil {
		_ = r.session.Close(context.WithoutCancel(ctx))
	}
}

// operation is the id of a part's operation. It is the same in every life.
func (r *running) operation(what string, n, try int) (instrument.OperationID, error) {
	return r.w.OperationID(fmt.Sprintf("%s %s %d.%d", what, r.rec.Operation, n+1, try))
}

// await is how an operation that was begun before has ended; not known: it never
// was, for whoever has begun it lives no more or is this process.
func (r *running) await(ctx context.Context, op instrument.OperationID) (known bool, err error) {
	if !r.w.Protocols().Runs(op) {
		if known, err := r.recorded(ctx, op); err != nil || !known {
			return err != nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(r.patience, awaitPart))
	defer cancel()
	_, err = r.w.Protocols().Await(ctx, op)
	if errors.Is(err, fault.NotFound) { // if it ran here and came on no record
		if known, failed := r.recorded(ctx, op); failed == nil && !known {
			return false, nil
		}
	}
	return true, err
}

// change changes the record and shows it. f returns the status.
func (r *running) change(ctx context.Context, f func(*parent) string) error {
	if err := r.write(ctx, f); err != nil {
		return err
	}
	r.who.Show(r.whole())
	return nil
}

func (r *running) write(ctx context.Context, f func(*parent) string) error {
	next := r.now.Clone()
	var rec parent
	if err := next.Decode(&rec); err != nil {
		return err
	}
	next.Status = f(&rec)
	if err := next.Encode(rec); err != nil {
		return err
	}
	r.w.Passes(protocol.PointBeforeRecord)
	err := r.w.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		seen, err := tx.Get(next.ID)
		if err != nil {
			return err
		}
		if seen.Version != next.Version {
			return taken()
		}
		return tx.Put(next)
	})
	if err != nil {
		return err
	}
	r.w.Passes(protocol.PointAfterRecord)
	next.Version++
	r.now, r.rec = next, rec
	return nil
}

func (r *running) whole() Whole {
	w, err := wholeOf(r.now)
	if err != nil {
		return Whole{Operation: instrument.OperationID(protocol.Short(r.rec.Operation)), Status: r.now.Status}
	}
	return w
}
