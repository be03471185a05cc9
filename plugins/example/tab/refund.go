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
		i, err := receiptOf(tx, of.Payment)
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
	if err := s.Update(ctx, func(tx instrument.Tx) (err error) { struck, err = strikeOut(tx, of, s.Operation()); return err }); err != nil {
		return protocol.Result{}, err
	}
	r, err := protocol.ResultOf(struck)
	r.Amount = struck.Amount
	return r, err
}

// strikeOut gives an entry back, once.
func strikeOut(tx instrument.Tx, of paid, op instrument.OperationID) (struckOut, error) {
	entry, err := receiptOf(tx, of.Payment)
	if err != nil {
		return struckOut{}, err
	}
	var what written
	if err := entry.Decode(&what); err != nil {
		return struckOut{}, err
	}
	i, kept, err := find(tx, what.Tab)
	if err != nil {
		return struckOut{}, err
	}
	if of.Amount != (instrument.Amount{}) && of.Amount != what.Amount {
		return struckOut{}, fault.New(fault.Declined, "what was written down comes back whole: %s", what.Amount).Because("refund-in-part")
	}
	given, again, err := what.Refund(op, what.Amount, of.Amount)
	if err != nil || again {
		return struckOut{kept.Owed, given}, err
	}
	if kept.Owed, err = kept.Owed.Sub(given); err != nil {
		return struckOut{}, err
	}
	entry.Status = "returned"
	if err := put(tx, i, kept); err != nil {
		return struckOut{}, err
	}
	return struckOut{kept.Owed, given}, put(tx, entry, what)
}

// receiptOf is the receipt, or the entry, of the operation that has paid.
func receiptOf(tx instrument.Tx, op instrument.OperationID) (instrument.Instance, error) {
	id, err := tx.Find("tab-receipt", operation, string(op))
	if err != nil {
		return instrument.Instance{}, err
	}
	return tx.Get(id)
}
