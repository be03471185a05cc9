package client

import (
	"context"
	"fmt"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
)

// ReasonUnchecked marks the refusal to use an instrument that came out of a backup, before it was
// checked or accepted.
const ReasonUnchecked fault.Reason = "restored-unchecked"

// ClassPrepaid is an account at a vendor.
const ClassPrepaid instrument.ClassID = "prepaid"

// Names that the wallet shares with the bundle of accounts at vendors.
const (
	ProtocolSigned   = "prepaid.signed"
	ProtocolPlain    = "prepaid.plain"
	OperationBalance = "BALANCE" // of both; asks the vendor, and moves nothing
)

// Checks asks the issuer of an instrument whether it is as this wallet has it,
// which it may not be when it came out of a backup. why says what keeps that from
// being sure; empty: it is. An error means that nobody could be asked.
func (w *Wallet) Checks(ctx context.Context, i instrument.Instance) (why string, err error) {
	switch i.Class {
	case ClassReserve:
		return w.checkReserve(ctx, i)
	case ClassPrepaid:
		return w.checkAccount(ctx, i)
	}
	return fmt.Sprintf("nobody can be asked how a %s is", i.Class), nil
}

// checkReserve asks the exchange: money of which no coins were asked for must all
// be there, or not have come yet.
func (w *Wallet) checkReserve(ctx context.Context, i instrument.Instance) (string, error) {
	var r taler.Reserve
	if err := i.Decode(&r); err != nil {
		return "", err
	}
	if r.NextCoin > 0 || r.Batch != nil {
		return "coins were asked for already: the exchange does not say for which", nil
	}
	var got taler.AwaitResult
	if err := w.do(ctx, coins(taler.OperationAwait, taler.AwaitArgs{}, i.ID), &got); err != nil {
		return "", err
	}
	if !got.Exists {
		return "", nil
	}
	if c, err := got.Balance.Cmp(r.Amount); err != nil || c < 0 {
		return fmt.Sprintf("the exchange has %s of %s: coins were made of it that are not in this wallet; once it is accepted, going on with its withdrawal asks for the same ones again", got.Balance, r.Amount), nil
	}
	return "", nil
}

// checkAccount asks the vendor for its statement. What an earlier life of the wallet
// has paid since, the account has caught up with when that is believed.
func (w *Wallet) checkAccount(ctx context.Context, i instrument.Instance) (string, error) {
	var purse struct {
		VendorKey string `json:"vendor_key"`
		Counter   uint64 `json:"counter"`
	}
	if err := i.Decode(&purse); err != nil {
		return "", err
	}
	if purse.VendorKey == "" {
		return "it was opened over a line in clear, where its vendor is nobody whom this wallet could ask", nil
	}
	peer, known, err := w.byKey(ctx, purse.VendorKey)
	if err != nil {
		return "", err
	}
	if !known {
		return "its vendor is no known peer: `wallet peer add` makes it one", nil
	}
	s, err := w.InitiateSession(ctx, peer, controller.Login{})
	if err != nil {
		return "", err
	}
	defer func() { _ = s.Close(ctx) }()
	if _, err := s.Negotiate(ctx, i.Class, instrument.Invoice{}); err != nil {
		return "", err
	}
	result, err := s.Execute(ctx, controller.Transaction{Principal: w.user, Operation: OperationBalance, Class: i.Class, Instruments: []instrument.ID{i.ID}}, nil)
	if err != nil {
		return "", err
	}
	var said struct {
		Statement struct {
			High uint64 `json:"high"`
		} `json:"statement"`
	}
	if err := result.Decode(&said); err != nil {
		return "", err
	}
	if i, err = w.Instruments().View(ctx, i.ID); err != nil {
		return "", err
	}
	if err := i.Decode(&purse); err != nil {
		return "", err
	}
	if said.Statement.High > purse.Counter {
		return "the vendor has taken payments that this wallet does not know of", nil
	}
	return "", nil
}

// byKey finds a peer that this wallet remembers.
func (w *Wallet) byKey(ctx context.Context, key string) (comm.Peer, bool, error) {
	all, err := w.Book().Peers(ctx)
	if err != nil {
		return comm.Peer{}, false, err
	}
	for _, p := range all {
		if p.Key == key && key != "" {
			return p, true, nil
		}
	}
	return comm.Peer{}, false, nil
}
