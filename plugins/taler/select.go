package taler

import (
	"context"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// selectReserve is the bank's side: the first wallet that names its reserve gets the
// withdrawal. The lease decides between two wallets at once; the unique key keeps one
// reserve from being used for two withdrawals.
func selectReserve(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args taler.SelectArgs
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	w, err := change(ctx, s, c.Main(), func(_ string, w *taler.Withdrawal) (verdict, error) {
		return selected(w, args, s.Now())
	})
	switch fault.ReasonOf(err) {
	case keyReservePub + "-taken":
		err = reserveTaken()
	case taler.ReasonUnknownAccount, taler.ReasonAmountRequired, taler.ReasonAmountOutOfRange:
		// A used key comes first in the order of refusals. It is only looked up
		// here: otherwise the unique key itself decides.
		err = unlessTaken(ctx, s, args.ReservePub, err)
	}
	if err != nil {
		return protocol.Result{}, err
	}
	answer, err := taler.Selected(w.State)
	if err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(answer)
}

// selected is the pure rule of a selection, in the order of the Bank Integration
// API's refusals.
func selected(w *taler.Withdrawal, args taler.SelectArgs, now time.Time) (verdict, error) {
	if err := args.Request().Check(w.Currency); err != nil {
		return stay, err
	}
	amountSent := args.Amount != (taler.Amount{})
	switch {
	case args.WOPID != w.WOPID.ID():
		return stay, unknownOperation()
	case w.State == taler.StateAborted:
		return stay, fault.New(fault.Conflict, "this withdrawal was aborted").Because(taler.ReasonUpdateAbortConflict)
	case w.State != taler.StatePending:
		if args.ReservePub != w.ReservePub || !args.SelectedExchange.Equal(w.ExchangeAccount) {
			return stay, fault.New(fault.Conflict, "another wallet has taken this withdrawal").
				Because(taler.ReasonSelectionConflict).WithHint("ask the terminal for a new QR code")
		}
		if amountSent && args.Amount != w.Amount {
			return stay, amountDiffers(w.Amount)
		}
		return stay, nil
	case amountSent && w.Amount != (taler.Amount{}) && args.Amount != w.Amount:
		return stay, amountDiffers(w.Amount)
	case !args.SelectedExchange.Equal(w.ExchangeAccount):
		// The bank has no accounts but its exchanges', so "exists but is no
		// exchange" cannot be said.
		return stay, fault.New(fault.Conflict, "the selected account is not that of this withdrawal's exchange").Because(taler.ReasonUnknownAccount)
	}
	return chosen(w, args, now)
}

// chosen binds a pending withdrawal to a reserve, with the wallet's amount if
// the terminal has fixed none.
func chosen(w *taler.Withdrawal, args taler.SelectArgs, now time.Time) (verdict, error) {
	if w.Amount == (taler.Amount{}) && !args.NoAmountToWallet {
		if args.Amount == (taler.Amount{}) {
			return stay, fault.New(fault.Conflict, "the wallet chooses the amount of this withdrawal and named none").Because(taler.ReasonAmountRequired)
		}
		next := *w
		next.Amount = args.Amount
		if err := payable(next, args.MinAmount, w.Most(args.MaxAmount)); err != nil {
			return stay, err
		}
		w.Amount = args.Amount
	}
	w.State, w.ReservePub, w.Selected = taler.StateSelected, args.ReservePub, now.Unix()
	return become(string(taler.StateSelected)).claiming(keyReservePub, args.ReservePub.String()), nil
}

func unlessTaken(ctx context.Context, s protocol.Session, reserve taler.EddsaPublicKey, refusal error) error {
	err := s.Update(ctx, func(tx instrument.Tx) error {
		_, err := tx.Find(withdrawalID, keyReservePub, reserve.String())
		return err
	})
	switch {
	case err == nil:
		return reserveTaken()
	case fault.KindOf(err) == fault.NotFound:
		return refusal
	}
	return err
}

func reserveTaken() error {
	return fault.New(fault.Conflict, "this reserve was used for another withdrawal").
		Because(taler.ReasonReserveTaken).WithHint("a wallet makes a new reserve for each withdrawal")
}

func amountDiffers(fixed taler.Amount) error {
	return fault.New(fault.Conflict, "the amount of this withdrawal is %s and cannot be changed", fixed).Because(taler.ReasonAmountDiffers)
}

func unknownOperation() error {
	return fault.New(fault.NotFound, "there is no such withdrawal").Because(taler.ReasonUnknownOperation)
}

// askForSelection is the wallet's side. The reserve was stored when PREPARE ended. A refusal
// leaves it as it is, because the same wallet may ask again with the same key.
func askForSelection(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args taler.SelectArgs
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	_, err := change(ctx, s, c.Main(), func(status string, r *taler.Reserve) (verdict, error) {
		return stay, mayBeNamed(status, r, args)
	})
	if err != nil {
		return protocol.Result{}, err
	}
	var got taler.BankWithdrawalOperationPostResponse
	if err := s.Recv(ctx, &got); err != nil {
		return protocol.Result{}, err
	}
	_, err = change(ctx, s, c.Main(), func(status string, r *taler.Reserve) (verdict, error) {
		return answered(status, r, got.Status)
	})
	if err != nil {
		return protocol.Result{}, err
	}
	if got.Status == taler.StateAborted { // banks before 2025 say it in a good answer
		return protocol.Result{}, fault.New(fault.Conflict, "the bank says that this withdrawal was aborted").Because(taler.ReasonUpdateAbortConflict)
	}
	return protocol.ResultOf(got)
}

// mayBeNamed refuses to tell a bank of a reserve that is not for this withdrawal.
func mayBeNamed(status string, r *taler.Reserve, args taler.SelectArgs) error {
	switch {
	case r.ReservePub != args.ReservePub || r.WOPID != args.WOPID:
		return fault.New(fault.Invalid, "the reserve was made for another withdrawal").Because("reserve-differs")
	case status == taler.ReserveAborted || status == taler.ReserveFailed:
		return fault.New(fault.Conflict, "this withdrawal was given up: %s", r.Reason).Because(taler.ReasonUpdateAbortConflict)
	}
	return nil
}

// answered is the pure rule of the bank's answer.
func answered(status string, r *taler.Reserve, at taler.State) (verdict, error) {
	switch {
	case status != taler.ReserveCreated:
		return stay, nil // it is further already
	case at == taler.StateAborted:
		r.Reason = "the bank had aborted it"
		return become(taler.ReserveAborted), nil
	case at == taler.StatePending:
		return stay, fault.New(fault.Invalid, "the bank answered a selection with pending").Because(taler.ReasonAnswerMalformed)
	}
	return become(taler.ReserveSelected), nil
}
