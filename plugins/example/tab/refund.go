package main

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// paid names, as the arguments of REFUND, the operation that paid. The pub's host lets
// it through only if the pub has granted it, or the payment is open and this payer's.
type paid struct {
	Payment instrument.OperationID `json:"payment"`
	Amount  instrument.Amount      `json:"amount,omitzero"` // none: all that is left
}

// fetch is the wallet's side of REFUND: the pub has struck the entry, and says what is
// owed now. It may come more than once, under other operations.
func fetch(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var of paid
	if err := c.Arguments(&of); err != nil {
		return protocol.Result{}, err
	}
	if err := s.Send(ctx, struct{}{}); err != nil { // the arguments say it all
		return protocol.Result{}, err
	}
	var struck struckOut
	if err := s.Recv(ctx, &struck); err != nil {
		return protocol.Result{}, err
	}
	err := s.Update(ctx, func(tx instrument.Tx) error {
		if err := change(tx, c.Main(), "open", func(was owing) owing { was.Owed = struck.Owed; return was }); err != nil {
			return err
		}
		id, err := tx.Find("tab-receipt", operation, string(of.Payment))
		if err != nil {
			return err
		}
		i, err := tx.Get(id)
		if err != nil || i.Status == "void" {
			return err
		}
		i.Status = "void"
		return tx.Put(i)
	})
	if err != nil {
		return protocol.Result{}, err
	}
	r, err := protocol.ResultOf(struck)
	r.Amount = struck.Amount
	return r, err
}

type struckOut struct {
	Owed   instrument.Amount `json:"owed"`
	Amount instrument.Amount `json:"amount"`
}

// strike is the pub's side.
func strike(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var of paid
	if err := c.Arguments(&of); err != nil {
		return protocol.Result{}, err
	}
	if err := s.Recv(ctx, nil); err != nil {
		return protocol.Result{}, err
	}
	var struck struckOut
	err := s.Update(ctx, func(tx instrument.Tx) error {
		id, err := tx.Find("tab-receipt", operation, string(of.Payment))
		if err != nil {
			return err
		}
		entry, err := tx.Get(id)
		if err != nil {
			return err
		}
		var what written
		if err := entry.Decode(&what); err != nil {
			return err
		}
		i, kept, err := find(tx, what.Tab)
		if err != nil {
			return err
		}
		if of.Amount != (instrument.Amount{}) && of.Amount != what.Amount {
			return fault.New(fault.Declined, "what was written down comes back whole: %s", what.Amount).Because("refund-in-part")
		}
		given, again, err := what.Refund(s.Operation(), what.Amount, of.Amount)
		if err != nil {
			return err
		}
		struck = struckOut{kept.Owed, given}
		if again {
			return nil
		}
		if kept.Owed, err = kept.Owed.Sub(given); err != nil {
			return err
		}
		struck.Owed, entry.Status = kept.Owed, "returned"
		if err := put(tx, i, kept); err != nil {
			return err
		}
		return put(tx, entry, what)
	})
	if err != nil {
		return protocol.Result{}, err
	}
	r, err := protocol.ResultOf(struck)
	r.Amount = struck.Amount
	return r, err
}
