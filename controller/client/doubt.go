package client

import (
	"cmp"
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// doubt reports whether an earlier operation of a part may have paid it: it has ended, and
// nobody knows how. The next one finds that out, and until then the part has not failed.
func (p part) doubt() bool {
	return (p.State == PartWaiting || p.State == PartPaying) && p.Reason != ""
}

// doubtful is the first part of which that is so, -1 if there is none.
func (p parent) doubtful() int {
	for n, part := range p.Parts {
		if part.doubt() {
			return n
		}
	}
	return -1
}

// lookedFor reports whether the refusal of a part's next operation is a word about the one
// before: of who was asked for the payment, and not of a house that did not let ask.
func lookedFor(refusal error) bool {
	return errors.Is(refusal, fault.Declined) && fault.ReasonOf(refusal) != "deadline-over"
}

// recordPaidByEarlier records that a part was paid by an earlier operation, which its vendor says.
func (r *running) recordPaidByEarlier(ctx context.Context, n int, said error) error {
	well, unheard, err := r.earlier(ctx, n)
	if err != nil {
		return err
	}
	if by := cmp.Or(well, unheard); by != "" {
		return r.recordPaidBy(ctx, n, by)
	}
	return notKnown(n, said)
}

// earlier finds, among the operations that a part has had, the one that has ended well, and the one
// of which nobody here has heard the end and which may have paid. Of several of these it is the one
// that was not waited for, and of several the last, for a vendor lets one pay only when those before
// have not.
func (r *running) earlier(ctx context.Context, n int) (well, unheard instrument.OperationID, err error) {
	waited := true
	for try := r.rec.Parts[n].Tries; try > 0; try-- {
		op, err := r.operation(operationPays, n, try)
		if err != nil {
			return "", "", err
		}
		found, err := r.w.Protocols().Records(ctx, protocol.Filter{Prefix: string(op), State: protocol.Ended, Limit: 1})
		switch {
		case err != nil:
			return "", "", err
		case len(found) == 0:
			continue
		case found[0].Fault == nil:
			return op, unheard, nil
		case fault.NothingHappened(found[0].Fault):
			continue
		}
		if forgone := found[0].Fault.Reason == protocol.ReasonForgone; unheard == "" || waited && forgone {
			unheard, waited = op, !forgone
		}
	}
	return "", unheard, nil
}

func (r *running) recordPaidBy(ctx context.Context, n int, op instrument.OperationID) error {
	return r.change(ctx, func(p *parent) string {
		q := &p.Parts[n]
		q.State, q.Operation, q.Reason = PartPaid, op, ""
		return PaymentOpen
	})
}

// recorded reports whether an operation has come on record.
func (r *running) recorded(ctx context.Context, op instrument.OperationID) (bool, error) {
	found, err := r.w.Protocols().Records(ctx, protocol.Filter{Prefix: string(op), Limit: 1})
	return len(found) > 0, err
}

// ended is how an operation has ended; nil if it has not, as far as is known.
func (r *running) ended(ctx context.Context, op instrument.OperationID) *protocol.Record {
	found, err := r.w.Protocols().Records(ctx, protocol.Filter{Prefix: string(op), State: protocol.Ended, Limit: 1})
	if err != nil || len(found) == 0 {
		return nil
	}
	return &found[0]
}

// unlessDoubt keeps a refusal to begin a part's operation from being the end of a part that
// may be paid.
func (r *running) unlessDoubt(n int, refusal error) error {
	if !r.rec.Parts[n].doubt() || !fault.NothingHappened(refusal) {
		return refusal
	}
	return notKnown(n, refusal)
}

func notKnown(n int, why error) error {
	return undecided(why, "it is not known yet whether part %d was paid: %s", n+1, fault.From(why).Message)
}

// inDoubt refuses to decide that a payment comes back while a part may be paid.
func (r *running) inDoubt() error {
	n := r.rec.doubtful()
	if n < 0 {
		return nil
	}
	return fault.New(fault.Unknown, "it is not known yet whether part %d was paid: %s", n+1, r.rec.Parts[n].Reason).Because("part-in-doubt").
		WithHint("%s", r.findOut())
}

func (r *running) findOut() string {
	return "`wallet operation resume` finds out; to give up what may have been paid: `wallet operation abandon " + r.rec.name() + " --forgo`"
}

// forgoDoubt gives up a part that may be paid, for the payer says so; what certainly was paid
// comes back.
func (r *running) forgoDoubt(ctx context.Context) error {
	n := r.rec.doubtful()
	if p := r.rec.Parts[n]; p.State == PartPaying {
		if known, err := r.await(ctx, p.Operation); known {
			if err := r.recordPayment(ctx, n, err); r.rec.Parts[n].State == PartPaying && !fault.NothingHappened(err) {
				return err
			}
		}
	}
	if !r.rec.Parts[n].doubt() { // it was paid
		return r.decideRefund(ctx)
	}
	return r.change(ctx, func(p *parent) string {
		p.Parts[n].State, p.Reason = PartFailed, "you have given up a part that may have been paid"
		return p.broken()
	})
}
