package bank

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// SetUp begins a withdrawal for a terminal, which has just logged in. The same
// request_uid of the same terminal gives the same WOPID; with other content it is a
// conflict.
func (b *Bank) SetUp(ctx context.Context, terminal profile.Principal, r taler.TerminalWithdrawalSetup) (taler.TerminalWithdrawalSetupResponse, error) {
	var out taler.TerminalWithdrawalSetupResponse
	if err := r.Check(b.cfg.Currency); err != nil {
		return out, err
	}
	args, err := b.setupArgs(ctx, terminal, r)
	if err != nil {
		return out, err
	}
	t := call(terminal, taler.OperationSetUp, args)
	t.Fresh, t.Amount, t.Counts = true, r.Amount, counted(terminal, r)
	err = b.answer(ctx, comm.Vendor, t, &out)
	return out, err
}

// setupArgs adds to a terminal's request what the bank knows, and makes a record of the
// user whose quota it counts against.
func (b *Bank) setupArgs(ctx context.Context, terminal profile.Principal, r taler.TerminalWithdrawalSetup) (taler.SetupArgs, error) {
	x, err := b.Exchange(ctx, r.Exchange)
	if err != nil {
		return taler.SetupArgs{}, err
	}
	till, err := b.TillFees(terminal)
	if err != nil {
		return taler.SetupArgs{}, err
	}
	args := taler.SetupArgs{
		Request: r, Terminal: string(terminal.ID), Provider: terminal.Facts[FactProvider], WithdrawalFees: b.cfg.WithdrawalFees,
		Currency: b.cfg.Currency, Exchange: x.Key(), ExchangeURL: x.URL, ExchangeAccount: x.Account,
		MinAmount: b.cfg.MinAmount, MaxAmount: b.cfg.MaxAmount, Till: till, Quota: b.cfg.Quotas.rule(),
	}
	if args.Quota == nil || r.UserUUID == "" {
		return args, nil
	}
	return args, b.knowUser(ctx, r.UserUUID)
}

// Select binds a wallet's reserve to a withdrawal [2]. The first wallet wins.
func (b *Bank) Select(ctx context.Context, id taler.WOPID, r taler.BankWithdrawalOperationPostRequest) (taler.BankWithdrawalOperationPostResponse, error) {
	var out taler.BankWithdrawalOperationPostResponse
	if err := r.Check(b.cfg.Currency); err != nil {
		return out, err
	}
	at, err := b.find(ctx, id)
	if err != nil {
		return out, err
	}
	err = b.answer(ctx, comm.Client, call(wallet, taler.OperationSelect, b.selectArgs(id.ID(), r), at), &out)
	if fault.ReasonOf(err) == taler.ReasonUnknownAccount && b.isCard(ctx, r.SelectedExchange) {
		err = fault.New(fault.Conflict, "the selected account is a card payment and no exchange's").Because(taler.ReasonNotExchange)
	}
	return out, err
}

// selectArgs takes over from a wallet's request only what a wallet may say.
func (b *Bank) selectArgs(id taler.WithdrawalID, r taler.BankWithdrawalOperationPostRequest) taler.SelectArgs {
	return taler.SelectArgs{
		WOPID: id, ReservePub: r.ReservePub, SelectedExchange: r.SelectedExchange, Amount: r.Amount,
		MinAmount: b.cfg.MinAmount, MaxAmount: b.cfg.MaxAmount,
	}
}

// Confirm stores a terminal's notice that a withdrawal was paid [7] and has the
// provider asked. Nothing is believed yet.
func (b *Bank) Confirm(ctx context.Context, terminal profile.Principal, id taler.WOPID, r taler.TerminalWithdrawalConfirmationRequest) error {
	if err := r.Check(b.cfg.Currency); err != nil {
		return err
	}
	at, err := b.owned(ctx, terminal, id)
	if err != nil {
		return err
	}
	args := taler.ConfirmArgs{WOPID: id, ProviderTransactionID: r.ProviderTransactionID, TerminalFees: r.TerminalFees}
	t := call(terminal, taler.OperationConfirm, args, at)
	t.Ended = func(err error) { b.heard(at, r.ProviderTransactionID, err) } // even if the terminal has not waited for the answer
	return b.answer(ctx, comm.Vendor, t, nil)
}

// AbortByTerminal ends a withdrawal that its terminal gives up.
func (b *Bank) AbortByTerminal(ctx context.Context, terminal profile.Principal, id taler.WOPID) error {
	at, err := b.owned(ctx, terminal, id)
	if err != nil {
		return err
	}
	return b.answer(ctx, comm.Vendor, call(terminal, taler.OperationAbort, taler.AbortArgs{WOPID: id.ID()}, at), nil)
}

// AbortByWallet ends a withdrawal that the customer gives up.
func (b *Bank) AbortByWallet(ctx context.Context, id taler.WOPID) error {
	at, err := b.find(ctx, id)
	if err != nil {
		return err
	}
	return b.answer(ctx, comm.Client, call(wallet, taler.OperationAbort, taler.AbortArgs{WOPID: id.ID()}, at), nil)
}

// AbortByOperator ends a withdrawal that nobody has paid, for a reason that is
// kept on record.
func (b *Bank) AbortByOperator(ctx context.Context, id taler.WOPID, reason string) error {
	at, err := b.find(ctx, id)
	if err != nil {
		return err
	}
	self, err := b.self(ctx)
	if err != nil {
		return err
	}
	_, err = b.Execute(ctx, call(self, taler.OperationAbort, taler.AbortArgs{WOPID: id.ID(), Reason: reason}, at))
	return err
}

// answer runs our side of an operation and reads its result.
func (b *Bank) answer(ctx context.Context, from comm.Role, t controller.Transaction, into any) error {
	result, err := b.Answer(ctx, from, t)
	if err != nil || into == nil {
		return err
	}
	if err := json.Unmarshal(result.Value, into); err != nil {
		return fault.Wrap(err, fault.Internal, "the result of %s cannot be read", t.Operation)
	}
	return nil
}

// Passing reports whether a request was refused for what is no failure of its own: its client has
// too many under way already, or the disk is full, which the store tells the operator once.
func Passing(err error) bool {
	reason := fault.ReasonOf(err)
	return reason == protocol.ReasonCrowded || reason == "disk-full"
}

// unknown is the answer about a withdrawal that does not exist or belongs to another
// client: nobody can tell the two apart.
func unknown(err error) error {
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	return fault.New(fault.NotFound, "there is no such withdrawal").Because(taler.ReasonUnknownOperation)
}
