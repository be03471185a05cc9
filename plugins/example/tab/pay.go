package main

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

// PAY goes to and fro: who I am; what you owe; then I promise, or not; written. What
// pays is the promise: nothing is owed before it, and whoever is silent has not made it.
type (
	regular struct {
		Number string `json:"number"`
		PIN    string `json:"pin"`
	}
	quote struct {
		Owed instrument.Amount `json:"owed"`
	}
	word struct {
		Promise bool `json:"promise"`
	}
)

var refused = fault.New(fault.Declined, "the customer did not promise it").Because("tab-not-promised")

// promise is the wallet's side.
func promise(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	price := c.Offer.Terms.Price
	var mine owing
	err := s.Update(ctx, func(tx instrument.Tx) error { // the intent, before anything leaves
		return change(tx, c.Main(), "promising", func(was owing) owing { mine = was; return was })
	})
	if err != nil {
		return protocol.Result{}, err
	}
	if err := s.Send(ctx, regular{mine.Number, mine.PIN}); err != nil {
		return protocol.Result{}, err
	}
	var q quote
	if err := s.Recv(ctx, &q); err != nil {
		return open(ctx, s, c, err)
	}
	// No --yes answers this. An error is that nobody is there, or took their time: then
	// nothing is promised either, and the pub hears so.
	answer, err := s.Ask(ctx, protocol.Prompt{Text: "You owe " + q.Owed.String() + " there. Owe " + price.String() + " more?", Choices: []string{"yes", "no"}})
	if err := s.Send(ctx, word{answer == "yes"}); err != nil {
		return protocol.Result{}, err
	}
	var done quote
	if end := s.Recv(ctx, &done); end != nil {
		if err != nil && fault.NothingHappened(end) { // what came first says more than what came of it
			end = err
		}
		return open(ctx, s, c, end)
	}
	if err := s.Update(ctx, func(tx instrument.Tx) error {
		if err := change(tx, c.Main(), "open", func(was owing) owing { was.Owed = done.Owed; return was }); err != nil {
			return err
		}
		return keep(tx, "valid", s.Operation(), written{Tab: mine.Number, Amount: price, Returned: sdk.NothingOf(price)})
	}); err != nil {
		return protocol.Result{}, err
	}
	r, err := protocol.ResultOf(done)
	r.Amount = price
	return r, err
}

// open gives the tab back to its owner where the pub has certainly written nothing.
func open(ctx context.Context, s protocol.Session, c protocol.Call, why error) (protocol.Result, error) {
	if !fault.NothingHappened(why) {
		return protocol.Result{}, why
	}
	err := s.Update(ctx, func(tx instrument.Tx) error {
		return change(tx, c.Main(), "open", func(was owing) owing { return was })
	})
	return protocol.Result{}, errors.Join(why, err)
}

// serve is the pub's side. It begins with a Recv.
func serve(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	price := c.Offer.Terms.Price
	var who regular
	if err := s.Recv(ctx, &who); err != nil {
		return protocol.Result{}, err
	}
	var owed instrument.Amount
	if err := s.Update(ctx, func(tx instrument.Tx) (err error) { owed, err = owedBy(tx, who); return err }); err != nil {
		return protocol.Result{}, err
	}
	if err := s.Send(ctx, quote{owed}); err != nil {
		return protocol.Result{}, err
	}
	var w word
	if err := s.Recv(ctx, &w); err != nil {
		return protocol.Result{}, err
	}
	if !w.Promise {
		return protocol.Result{}, refused
	}
	if err := s.Update(ctx, func(tx instrument.Tx) (err error) { owed, err = book(tx, who, price, s.Operation()); return err }); err != nil {
		return protocol.Result{}, err
	}
	r, err := protocol.ResultOf(quote{owed})
	r.Amount = price
	return r, err
}

// owedBy is what a regular owes by now, for whoever has their PIN.
func owedBy(tx instrument.Tx, who regular) (instrument.Amount, error) {
	_, kept, err := find(tx, who.Number)
	if err == nil && kept.PIN != who.PIN {
		err = fault.New(fault.Denied, "the PIN is not this tab's").Because("pin-wrong")
	}
	return kept.Owed, err
}

// book writes a price on a tab, and says what is owed then. Other payments may have been
// written since the quote: what counts is the account now.
func book(tx instrument.Tx, who regular, price instrument.Amount, op instrument.OperationID) (owed instrument.Amount, err error) {
	i, kept, err := find(tx, who.Number)
	if err != nil {
		return owed, err
	}
	if owed, err = kept.Owed.Add(price); err != nil {
		return owed, err
	}
	if c, err := owed.Cmp(kept.Limit); err != nil || c > 0 {
		return owed, fault.New(fault.Declined, "%s would be owed, and this tab ends at %s", owed, kept.Limit).Because("tab-full")
	}
	kept.Owed = owed
	if err := put(tx, i, kept); err != nil {
		return owed, err
	}
	return owed, keep(tx, "paid", op, written{Tab: who.Number, Amount: price, Returned: sdk.NothingOf(price)})
}

// change moves the wallet's tab.
func change(tx instrument.Tx, id instrument.ID, status string, to func(owing) owing) error {
	i, err := tx.Get(id)
	if err != nil {
		return err
	}
	var was owing
	if err := i.Decode(&was); err != nil {
		return err
	}
	i.Status = status
	return put(tx, i, to(was))
}

// find reads the pub's account of a number.
func find(tx instrument.Tx, of string) (i instrument.Instance, kept owing, err error) {
	id, err := tx.Find("tab", number, of)
	if fault.KindOf(err) == fault.NotFound {
		err = fault.New(fault.NotFound, "this pub has no such tab").Because("tab-unknown")
	}
	if err != nil {
		return i, kept, err
	}
	if i, err = tx.Get(id); err == nil {
		err = i.Decode(&kept)
	}
	return i, kept, err
}

func put(tx instrument.Tx, i instrument.Instance, state any) error {
	if err := i.Encode(state); err != nil {
		return err
	}
	return tx.Put(i)
}

// keep makes a receipt, found again by the operation that has paid.
func keep(tx instrument.Tx, status string, op instrument.OperationID, what written) error {
	i := instrument.Instance{Class: "tab-receipt", Status: status, Keys: map[string]string{operation: string(op)}, Name: what.Amount.String() + " on tab " + what.Tab}
	if err := i.Encode(what); err != nil {
		return err
	}
	_, err := tx.Create(i)
	return err
}
