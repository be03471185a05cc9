package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// giveUp gets everything back that was paid. What does not come back now is asked
// for again when the payment is resumed.
func (r *running) giveUp(ctx context.Context) error {
	var failed []error
	for n, p := range r.rec.Parts {
		if p.State == PartPaid || p.State == PartRefunding {
			failed = append(failed, r.giveBack(ctx, n))
		}
	}
	if err := errors.Join(failed...); err != nil {
		first := slices.IndexFunc(failed, func(err error) bool { return err != nil })
		return later(err, "what was paid has not come back yet: %s", fault.From(failed[first]).Message)
	}
	return r.change(ctx, func(*parent) string { return PaymentRefunded })
}

// giveBack gets one part back. As with its payment, the operation is on record
// before it begins; REFUND says the same however often it is asked.
func (r *running) giveBack(ctx context.Context, n int) error {
	if p := r.rec.Parts[n]; p.State == PartRefunding {
		if known, err := r.await(ctx, p.Refund); known {
			return r.back(ctx, n, err)
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
		op, err := r.operation("refund", n, p.Refunds+1)
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
		err = p.cameBack(result.Amount)
	}
	return r.back(ctx, n, err)
}

// cameBack refuses to call a part refunded of which a vendor has given back less, or more.
func (p part) cameBack(what instrument.Amount) error {
	if what == p.cost() {
		return nil
	}
	return fault.New(fault.Unknown, "%s of %s came back", what, p.cost()).Because("refund-differs").WithHint("ask the vendor")
}

// back records how a refund has ended. One that has failed is asked for again as
// another operation.
func (r *running) back(ctx context.Context, n int, outcome error) error {
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

// selectRefund goes through the steps up to REFUND, for what an operation has paid:
// by the protocol that has paid it, if the class does not object, for another one may
// not know of it.
func selectRefund(ctx context.Context, s *controller.Session, class instrument.ClassID, by string, paid instrument.OperationID) error {
	if _, err := s.InstrumentClasses(ctx, instrument.Invoice{controller.InvoiceRefund: string(paid)}); err != nil {
		return err
	}
	if _, err := s.NegotiateProtocol(ctx, class); err != nil {
		return err
	}
	if _, err := s.SelectProtocol(ctx, class, []string{by}); err != nil {
		return err
	}
	ops, err := s.AvailableOperations(ctx, class)
	if err != nil {
		return err
	}
	if named(ops, protocol.Refund) < 0 {
		return fault.New(fault.Unsupported, "what was paid with a %s cannot be given back to it", class).Because("operation-unknown").WithHint("ask the vendor")
	}
	return nil
}

func refundOf(w *Wallet, id instrument.OperationID, class instrument.ClassID, on instrument.ID, paid instrument.OperationID) controller.Transaction {
	return controller.Transaction{
		ID: id, Principal: w.user, Operation: protocol.Refund, Class: class, Instruments: []instrument.ID{on}, Args: map[string]any{"payment": paid},
	}
}

// noMoreThan refuses to say that more came back than was paid, or other money: it is the
// vendor's word, and nobody has seen it. What says no amount is none.
func noMoreThan(paid, back instrument.Amount) error {
	if back == (instrument.Amount{}) {
		return nil
	}
	if c, err := back.Cmp(paid); err == nil && c <= 0 {
		return nil
	}
	return fault.New(fault.Unknown, "the vendor says that %s of %s came back", back, paid).Because("refund-differs").WithHint("ask the vendor")
}

// RefundPayment gets back what was paid of a payment of several instruments that is
// still open, instead of the rest being paid. While a process works on it that is
// fault.Locked.
func (w *Wallet) RefundPayment(ctx context.Context, name string) (Whole, error) {
	r, err := w.readingNamed(ctx, name)
	if err != nil {
		return Whole{}, err
	}
	if r.now.Status == PaymentPaid {
		return r.whole(), inFull()
	}
	leave, err := r.hold(ctx)
	if err != nil {
		return r.whole(), err
	}
	defer leave()
	err = r.wanted(ctx)
	if err == nil && r.now.Status == PaymentRefunding {
		err = r.giveUp(ctx)
	}
	r.release(ctx)
	return r.whole(), err
}

func inFull() error {
	return fault.New(fault.Conflict, "this payment is paid in full: the vendor gives back its parts, one by one").Because("payment-over").
		WithHint("ask the vendor, then `wallet refund` the operation of a part")
}

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
	doubt := r.now.Status == PaymentOpen && r.rec.doubtful() >= 0
	if r.now.Status != PaymentRefunding && !doubt {
		return r.whole(), fault.New(fault.Conflict, "this payment is %s: there is nothing to give up", r.now.Status).Because("payment-not-refunding")
	}
	leave, err := r.hold(ctx)
	if err != nil {
		return r.whole(), err
	}
	defer leave()
	r.patience = awaitForgone
	if doubt {
		err = r.forgoDoubt(ctx)
		if err == nil && r.now.Status == PaymentRefunding {
			err = r.giveUp(ctx)
		}
		r.release(ctx)
		return r.whole(), err
	}
	err = r.giveUp(ctx)
	if ctx.Err() == nil && r.now.Status == PaymentRefunding {
		err = r.forgo(ctx)
	}
	r.release(ctx)
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
	if err := r.back(ctx, n, outcome); r.rec.Parts[n].State == PartRefunding {
		return err
	}
	return nil
}

// wanted decides that an open payment comes back, once it is known what was paid. One that
// turns out to be paid in full stays so: its vendor delivers for it.
func (r *running) wanted(ctx context.Context) error {
	if r.now.Status != PaymentOpen {
		return nil
	}
	if n := r.rec.next(); n >= 0 && r.rec.Parts[n].State == PartPaying {
		if known, err := r.await(ctx, r.rec.Parts[n].Operation); known {
			if err = r.paid(ctx, n, err); err != nil && !fault.NothingHappened(err) {
				return err
			}
		}
	}
	if err := r.inDoubt(); err != nil {
		return err
	}
	if r.rec.next() < 0 {
		return errors.Join(r.change(ctx, func(*parent) string { return PaymentPaid }), inFull())
	}
	return r.change(ctx, func(p *parent) string {
		p.Reason = "you wanted it back"
		if n := p.next(); n >= 0 && p.Parts[n].State == PartPaying { // it was refused, or never began
			p.Parts[n].State = PartFailed
		}
		return p.broken()
	})
}

// Refund is a payment that came back.
type Refund struct {
	Operation instrument.OperationID `json:"operation"` // that gave it back
	Payment   instrument.OperationID `json:"payment"`   // that paid
	Class     instrument.ClassID     `json:"class"`
	Amount    instrument.Amount      `json:"amount"`
}

// RefundOperation gets back what one operation of this wallet has paid, if the
// vendor lets it. Asking again is the same refund, unless it has failed before.
func (w *Wallet) RefundOperation(ctx context.Context, paid instrument.OperationID) (Refund, error) {
	found, err := w.Protocols().Records(ctx, protocol.Filter{Prefix: string(paid), Side: protocol.Initiator, Limit: 1})
	if err != nil {
		return Refund{}, err
	}
	if len(found) == 0 || found[0].Operation != protocol.Pay || found[0].Result == nil || len(found[0].Instruments) == 0 {
		return Refund{}, fault.New(fault.NotFound, "operation %s has paid nothing", protocol.Short(paid)).Because("payment-unknown")
	}
	r := found[0]
	if r.Peer == "" {
		return Refund{}, fault.New(fault.NotFound, "this was paid over a line in clear, where nobody has a key").Because("peer-unknown").
			WithHint("ask for it in a session over that line: classes refund=%[1]s, then execute %[2]s %[3]s payment=%[1]s", protocol.Short(r.ID), r.Class, protocol.Refund)
	}
	peer, known, err := w.byKey(ctx, r.Peer)
	if err != nil {
		return Refund{}, err
	}
	if !known {
		return Refund{}, fault.New(fault.NotFound, "the vendor that was paid is no known peer").Because("peer-unknown").WithHint("`wallet peer add` makes it one")
	}
	id, err := w.refundID(ctx, paid)
	if err != nil {
		return Refund{}, err
	}
	return w.refund(ctx, peer, r, id, paid)
}

// refundID is the operation of the last refund of a payment, or of the next one
// if that has failed.
func (w *Wallet) refundID(ctx context.Context, paid instrument.OperationID) (instrument.OperationID, error) {
	for n := 1; ; n++ {
		id, err := w.OperationID(fmt.Sprintf("refund %s %d", paid, n))
		if err != nil {
			return "", err
		}
		before, err := w.Protocols().Records(ctx, protocol.Filter{Prefix: string(id), Limit: 1})
		if err != nil || len(before) == 0 || before[0].Fault == nil {
			return id, err
		}
	}
}

func (w *Wallet) refund(ctx context.Context, peer comm.Peer, r protocol.Record, id, paid instrument.OperationID) (Refund, error) {
	s, err := w.InitiateSession(ctx, peer, controller.Login{})
	if err != nil {
		return Refund{}, err
	}
	defer func() { _ = s.Close(ctx) }()
	if err := selectRefund(ctx, s, r.Class, r.Protocol, paid); err != nil {
		return Refund{}, err
	}
	got, err := s.Execute(ctx, refundOf(w, id, r.Class, r.Instruments[0], paid), nil)
	if err == nil {
		err = noMoreThan(r.Result.Amount, got.Amount)
	}
	if err != nil {
		got.Amount = instrument.Amount{}
	}
	return Refund{instrument.OperationID(protocol.Short(id)), instrument.OperationID(protocol.Short(paid)), r.Class, got.Amount}, err
}
