package card

import (
	"context"

	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// lookUp is a vendor's LOOKUP: it asks the provider by reference and moves the
// payment if the answer is final and for it. The result is protocol.Facts. That
// the provider knows no such payment is an answer once none can be on its way.
func lookUp(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args struct {
		Reference string `json:"reference"`
	}
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	id, p, err := known(ctx, s, args.Reference)
	if err != nil {
		return protocol.Result{}, err
	}
	facts, err := askPending(ctx, s, p)
	if err != nil {
		return protocol.Result{}, err
	}
	if p.State == pending && facts.State != protocol.FactPending {
		if err := move(ctx, s, id, facts); err != nil {
			return protocol.Result{}, err
		}
	}
	return protocol.ResultOf(facts)
}

func known(ctx context.Context, s protocol.Session, reference string) (id instrument.ID, p payment, err error) {
	err = s.Update(ctx, func(tx instrument.Tx) error {
		var err error
		if id, err = tx.Find(paymentID, keyReference, reference); err != nil {
			return err
		}
		i, err := tx.Get(id)
		if err != nil {
			return err
		}
		return i.Decode(&p)
	})
	return id, p, err
}

// move records a final answer.
func move(ctx context.Context, s protocol.Session, id instrument.ID, facts protocol.Facts) error {
	to, reason, _ := outcome(facts, nil)
	return s.Update(ctx, func(tx instrument.Tx) error {
		i, err := tx.Get(id)
		if err != nil {
			return err
		}
		var p payment
		if err := i.Decode(&p); err != nil {
			return err
		}
		if p.State != pending {
			return nil
		}
		return putPayment(tx, i, settled(p, to, facts.Transaction, reason, s.Now()))
	})
}
