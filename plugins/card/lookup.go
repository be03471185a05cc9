package card

import (
	"context"

	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// lookUp is a vendor's LOOKUP: it asks the provider by reference, and moves the payment if the
// answer is final and about it. The result is protocol.Facts. That the provider knows no such
// payment counts as an answer only when no charge can be under way any more.
func lookUp(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args struct {
		Reference string `json:"reference"`
	}
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	seen, p, err := known(ctx, s, args.Reference)
	if err != nil {
		return protocol.Result{}, err
	}
	facts, err := askPending(ctx, s, p)
	if err != nil {
		return protocol.Result{}, err
	}
	if p.State == pending && facts.State != protocol.FactPending {
		moved, err := move(ctx, s, seen, facts)
		if err == nil && !moved && facts.State == protocol.FactFailed {
			err = notKnown(nil)
		}
		if err != nil {
			return protocol.Result{}, err
		}
	}
	return protocol.ResultOf(facts)
}

func known(ctx context.Context, s protocol.Session, reference string) (seen instrument.Instance, p payment, err error) {
	err = s.Update(ctx, func(tx instrument.Tx) error {
		id, err := tx.Find(paymentID, keyReference, reference)
		if err != nil {
			return err
		}
		if seen, err = tx.Get(id); err != nil {
			return err
		}
		p = payment{}
		return seen.Decode(&p)
	})
	return seen, p, err
}

// move records a final answer about a payment as it was seen. If the payment has changed since, it
// does nothing: there may be a new charge, and the failure of the earlier attempt must not be taken
// for the end of that one.
func move(ctx context.Context, s protocol.Session, seen instrument.Instance, facts protocol.Facts) (moved bool, err error) {
	to, reason, _ := outcome(facts, nil)
	err = s.Update(ctx, func(tx instrument.Tx) error {
		i, err := tx.Get(seen.ID)
		if moved = err == nil && i.Version == seen.Version; !moved {
			return err
		}
		var p payment
		if err := i.Decode(&p); err != nil {
			return err
		}
		return putPayment(tx, i, settled(p, to, facts.Transaction, reason, s.Now()))
	})
	return moved, err
}
