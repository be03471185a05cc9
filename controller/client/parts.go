package client

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// awaitPart is how long one waits for an operation of a part that an earlier life
// has begun.
const awaitPart = 30 * time.Second

// step pays the next part, or decides. An instrument that has to be checked first decides nothing: its
// owner can still accept it.
func (r *running) step(ctx context.Context) error {
	n := r.rec.next()
	if n < 0 {
		return r.change(ctx, func(*parent) string { return PaymentPaid })
	}
	err := r.pay(ctx, n)
	if err == nil || !fault.NothingHappened(err) || fault.ReasonOf(err) == ReasonUnchecked {
		return err
	}
	if strings.HasPrefix(string(fault.ReasonOf(err)), "plugin-") && r.neverBegan(ctx, r.rec.Parts[n].Operation) {
		err = fault.From(err).Because(reasonNotBegun)
	}
	other, asking := r.who.Instead(ctx, r.whole().Parts[n], err)
	if asking != nil {
		return asking
	}
	switch {
	case other != "":
		return r.replace(ctx, n, other)
	case MayPayLater(err):
		return r.notYet(n, err, strings.TrimPrefix(fault.From(err).Hint+"; ", "; "))
	}
	return r.change(ctx, func(p *parent) string {
		p.Parts[n].State, p.Parts[n].Reason = PartFailed, fault.From(err).Message
		p.Reason = p.Parts[n].Reason
		return p.broken()
	})
}

// reasonNotBegun marks a part that has not begun to pay, for the plugin of its class does not run here.
const reasonNotBegun fault.Reason = "part-not-begun"

// MayPayLater reports whether a part has failed only for now. A vendor's word that its plugin did
// not run is none: the vendor may have taken the part, and would get another one with each try.
func MayPayLater(why error) bool { return fault.ReasonOf(why) == reasonNotBegun }

// notYet is the fault of a payment of which a part is still to be paid; first is what is to be done first.
func (r *running) notYet(n int, why error, first string) error {
	return fault.Wrap(why, fault.Unknown, "part %d of %s is not paid yet: %s", n+1, r.rec.name(), fault.From(why).Message).Because(protocol.ReasonPending).
		WithHint("%s`wallet operation resume` goes on with it; to have back what was paid: `wallet refund %s`", first, r.rec.name())
}

// undecided is the fault of a payment that is not decided yet.
func undecided(err error, format string, args ...any) error {
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
			return r.recordPayment(ctx, n, err)
		}
	}
	if r.rec.Parts[n].doubt() { // one of its operations may have ended well since
		well, _, err := r.earlier(ctx, n)
		if err != nil {
			return err
		}
		if well != "" {
			return r.recordPaidBy(ctx, n, well)
		}
	}
	bill, err := r.agreedBill(ctx, n)
	if err != nil {
		return r.unlessDoubt(n, err)
	}
	if err := r.intend(ctx, n, bill); err != nil {
		return err
	}
	p := r.rec.Parts[n]
	_, err = r.session.Execute(ctx, controller.Transaction{
		ID: p.Operation, Principal: r.w.user, Operation: protocol.Pay, Class: bill.Class, Instruments: []instrument.ID{p.Instrument},
	}, nil)
	return r.recordPayment(ctx, n, err)
}

// agreedBill goes through the steps for a part again, and refuses what the person has not
// agreed to. A vendor that cannot be asked has refused nothing.
func (r *running) agreedBill(ctx context.Context, n int) (Bill, error) {
	if err := r.open(ctx); err != nil {
		return Bill{}, err
	}
	p := r.rec.Parts[n]
	bill, err := r.w.negotiate(ctx, r.session, Payment{Amount: p.Amount, Invoice: r.rec.invoice(n), Instrument: p.Instrument})
	if err != nil {
		return Bill{}, r.unlessAway(err)
	}
	if err := bill.maybePart(); err != nil {
		return Bill{}, err
	}
	return bill, bill.costsAtMost(p.Price)
}

// intend puts the operation on record that pays a part by a bill. One that was on record and
// never began stays the same, also where it costs less by now.
func (r *running) intend(ctx context.Context, n int, bill Bill) error {
	p := r.rec.Parts[n]
	if p.State == PartPaying && p.cost() == bill.Terms.Price {
		return nil
	}
	try := p.Tries + 1
	if p.State == PartPaying {
		try = p.Tries
	}
	op, err := r.operation(operationPays, n, try)
	if err != nil {
		return err
	}
	return r.change(ctx, func(p *parent) string {
		q := &p.Parts[n]
		q.State, q.Tries, q.Operation, q.Protocol, q.Cost = PartPaying, try, op, bill.Protocol, bill.Terms.Price
		return PaymentOpen
	})
}

// recordPayment records how the operation of a part has ended. What nobody can know of it is
// found out by the same part's next operation; that another one was not let find it out
// says nothing of the first, unless it was because an earlier one has paid.
func (r *running) recordPayment(ctx context.Context, n int, outcome error) error {
	doubt := r.rec.Parts[n].doubt()
	switch {
	case outcome == nil:
		return r.change(ctx, func(p *parent) string {
			p.Parts[n].State, p.Parts[n].Reason = PartPaid, ""
			return PaymentOpen
		})
	case fault.ReasonOf(outcome) == ReasonUnchecked: // it never began
		return outcome
	case fault.ReasonOf(outcome) == protocol.ReasonAbandoned && !doubt: // which is refused while anything is outside
		return fault.Wrap(outcome, fault.Declined, "its operation was abandoned").Because(protocol.ReasonAbandoned)
	case doubt && fault.ReasonOf(outcome) == controller.ReasonPartPaid:
		return r.recordPaidByEarlier(ctx, n, outcome)
	case fault.NothingHappened(outcome) && (!doubt || lookedFor(outcome)):
		return outcome
	}
	switch end := r.ended(ctx, r.rec.Parts[n].Operation); {
	case end != nil && end.Fault == nil: // behind the back of whoever waited for it
		return r.recordPayment(ctx, n, nil)
	case end != nil:
		err := r.change(ctx, func(p *parent) string {
			p.Parts[n].State, p.Parts[n].Reason = PartWaiting, cmp.Or(fault.From(outcome).Message, "nobody knows")
			return PaymentOpen
		})
		if err != nil {
			return err
		}
	case !doubt && errors.Is(outcome, fault.Locked) && r.neverBegan(ctx, r.rec.Parts[n].Operation): // another one holds its instrument
		return r.notYet(n, outcome, "when that has ended ")
	}
	return notKnown(n, outcome)
}

// neverBegan reports whether an operation is on no record and does not run.
func (r *running) neverBegan(ctx context.Context, op instrument.OperationID) bool {
	if r.w.Protocols().Runs(op) {
		return false
	}
	known, err := r.recorded(ctx, op)
	return err == nil && !known
}

// operation is the id of an operation of one of the parts.
func (r *running) operation(what string, n, try int) (instrument.OperationID, error) {
	return r.w.partOperation(what, r.rec.Operation, n, try)
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
