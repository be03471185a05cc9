package client

import (
	"context"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

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

func (r *running) reread(ctx context.Context) error {
	i, err := r.w.Instruments().View(ctx, r.now.ID)
	if err != nil {
		return err
	}
	r.now, r.rec = i, parent{}
	return i.Decode(&r.rec)
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
		err = r.getBack(ctx)
	}
	if err == nil {
		err = r.outcome()
	}
	r.release(ctx)
	return r.whole(), r.onward(err)
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
			return undecided(err, "%s cannot be asked now: %s", r.rec.Peer.Name, fault.From(err).Message)
		}
	}
	return err
}

func (r *running) close(ctx context.Context) {
	if r.session != nil {
		_ = r.session.Close(context.WithoutCancel(ctx))
	}
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
