package prepaid

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// paidIn is the argument of CREDIT, and the state of a prepaid-credit.
type paidIn struct {
	Account string            `json:"account"`
	Amount  instrument.Amount `json:"amount"`
	Source  string            `json:"source"` // what it was paid in by: credited once
}

const maxSource = 256

// credit is the vendor's CREDIT: it adds what was paid in to the account, once for each
// source.
func credit(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var in paidIn
	if err := c.Arguments(&in); err != nil {
		return protocol.Result{}, err
	}
	if in.Source == "" || len(in.Source) > maxSource || in.Amount.IsZero() {
		return protocol.Result{}, fault.New(fault.Invalid, "a credit names its source and is of something").Because("credit-malformed")
	}
	var l ledger
	err := s.Update(ctx, func(tx instrument.Tx) error {
		before, err := creditedBy(tx, in.Source)
		if err != nil {
			return err
		}
		var i instrument.Instance
		if i, l, err = kept(tx, in.Account); err != nil {
			return err
		}
		if before != nil {
			if *before != in {
				return fault.New(fault.Conflict, "this source was credited otherwise").Because("source-taken")
			}
			return nil
		}
		if err := l.credit(in.Amount); err != nil {
			return err
		}
		if err := put(tx, i, &l); err != nil {
			return err
		}
		booked := instrument.Instance{Class: creditID, Owner: i.Owner, Status: credited, Keys: map[string]string{keySource: in.Source}}
		if err := booked.Encode(in); err != nil {
			return err
		}
		_, err = tx.Create(booked)
		return err
	})
	if err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(l.statement(s.Now()))
}

// creditedBy is what a source was credited with, nil if it was not.
func creditedBy(tx instrument.Tx, source string) (*paidIn, error) {
	id, err := tx.Find(creditID, keySource, source)
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	i, err := tx.Get(id)
	if err != nil {
		return nil, err
	}
	var was paidIn
	return &was, i.Decode(&was)
}
