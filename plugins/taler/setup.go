package taler

import (
	"context"
	"errors"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// maxRequestUID bounds the terminal's own name of a withdrawal.
const maxRequestUID = 256

// setUp is the bank's side: a new withdrawal, or the one that the same terminal has set up
// with the same request before. A unique key decides that, so two equal requests at once
// get one WOPID.
func setUp(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args taler.SetupArgs
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	w, err := newWithdrawal(args, taler.WOPID(s.Random(len(taler.WOPID{}))), s.Now())
	if err != nil {
		return protocol.Result{}, err
	}
	i := instrument.Instance{Class: withdrawalID, Status: string(w.State), Keys: map[string]string{
		keyWOPID: w.WOPID.Text(), keyRequest: requestKey(args.Terminal, args.Request.RequestUID),
	}}
	err = within(w, args)
	if err == nil {
		err = s.Update(ctx, func(tx instrument.Tx) error { return begin(tx, i, args, w, s.Now()) })
	}
	if r := fault.ReasonOf(err); r == keyRequest+"-taken" || r == taler.ReasonAmountOutOfRange { // the bounds may be new
		w, err = setUpBefore(ctx, s, i.Keys[keyRequest], w, err)
	}
	if err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(taler.TerminalWithdrawalSetupResponse{WithdrawalID: w.WOPID})
}

// begin makes the withdrawal of a request that was not seen before. If fees or a quota are
// involved, it looks first whether the request was seen: a repetition must not be refused
// because of what has changed since, nor counted again.
func begin(tx instrument.Tx, i instrument.Instance, args taler.SetupArgs, w taler.Withdrawal, now time.Time) error {
	counts := args.Quota != nil && w.UserUUID != ""
	if counts || args.Till != nil {
		_, err := tx.Find(withdrawalID, keyRequest, i.Keys[keyRequest])
		if fault.KindOf(err) != fault.NotFound {
			return takenUnless(err)
		}
	}
	if args.Till != nil {
		if err := args.Till.Check(w); err != nil {
			return err
		}
	}
	if counts {
		if err := count(tx, *args.Quota, args, &w, now); err != nil {
			return err
		}
	}
	if err := i.Encode(w); err != nil {
		return err
	}
	_, err := tx.Create(i)
	return err
}

// takenUnless is what the claim on a request's key would have met.
func takenUnless(err error) error {
	if err != nil {
		return err
	}
	return fault.New(fault.Conflict, "the request was seen before").Because(keyRequest + "-taken")
}

// requestKey scopes a terminal's request_uid: another terminal may use the same.
func requestKey(terminal, uid string) string { return terminal + "/" + uid }

// setUpBefore finds what the request has made before, unless that was another
// request under the same name. A request that was not seen before is refused.
func setUpBefore(ctx context.Context, s protocol.Session, request string, asked taler.Withdrawal, refusal error) (taler.Withdrawal, error) {
	var first taler.Withdrawal
	err := s.Update(ctx, func(tx instrument.Tx) error {
		id, err := tx.Find(withdrawalID, keyRequest, request)
		if err != nil {
			return err
		}
		_, first, err = read[taler.Withdrawal](tx, id)
		return err
	})
	if errors.Is(err, fault.NotFound) {
		err = refusal
	}
	if err != nil {
		return taler.Withdrawal{}, err
	}
	return first, sameSetup(first, asked)
}

// within refuses an amount that no wallet may withdraw, even if it is only suggested: a
// wallet that agrees to it must not be refused later.
func within(w taler.Withdrawal, args taler.SetupArgs) error {
	if w.Amount == (taler.Amount{}) {
		w.Amount = w.SuggestedAmount
	}
	if w.Amount == (taler.Amount{}) {
		return nil
	}
	return payable(w, args.MinAmount, args.MaxAmount)
}

// newWithdrawal is the pure beginning of a withdrawal at the bank.
func newWithdrawal(args taler.SetupArgs, id taler.WOPID, now time.Time) (taler.Withdrawal, error) {
	r := args.Request
	if err := r.Check(args.Currency); err != nil {
		return taler.Withdrawal{}, err
	}
	if len(r.RequestUID) > maxRequestUID {
		return taler.Withdrawal{}, fault.New(fault.Invalid, "a request_uid has at most %d bytes", maxRequestUID).Because(taler.ReasonJSONInvalid)
	}
	w := taler.Withdrawal{
		State: taler.StatePending, WOPID: id, Currency: args.Currency,
		Terminal: args.Terminal, RequestUID: r.RequestUID, Provider: args.Provider, UserUUID: r.UserUUID,
		Amount: r.Amount, AmountBy: taler.BySetup, SuggestedAmount: r.SuggestedAmount,
		WithdrawalFees: args.WithdrawalFees, TerminalFees: r.TerminalFees,
		Exchange: args.Exchange, ExchangeAccount: args.ExchangeAccount, ExchangeURL: args.ExchangeURL, Created: now.Unix(),
	}
	if w.TerminalFees.IsZero() {
		w.TerminalFees = taler.Amount{} // no fees and fees of nothing are the same
	}
	if w.Amount != (taler.Amount{}) {
		w.SuggestedAmount = taler.Amount{} // a fixed amount wins
	} else {
		w.AmountBy = taler.BySelect
	}
	if _, err := w.Fees(); err != nil {
		return taler.Withdrawal{}, err
	}
	return w, nil
}

// payable refuses an amount outside of the bounds, or one whose total with fees is too large
// for an amount.
func payable(w taler.Withdrawal, least, most taler.Amount) error {
	if w.Amount.IsZero() {
		return outOfRange("a withdrawal of %s is nothing", w.Amount)
	}
	if least != (taler.Amount{}) {
		if c, err := w.Amount.Cmp(least); err != nil || c < 0 {
			return outOfRange("%s is less than %s, the least that is paid out here", w.Amount, least)
		}
	}
	if most != (taler.Amount{}) {
		if c, err := w.Amount.Cmp(most); err != nil || c > 0 {
			return outOfRange("%s is more than %s, the most that is paid out here", w.Amount, most)
		}
	}
	if _, err := w.Total(); err != nil {
		return outOfRange("%s with its fees is more than can be paid", w.Amount)
	}
	return nil
}

func outOfRange(format string, args ...any) error {
	return fault.New(fault.Conflict, format, args...).Because(taler.ReasonAmountOutOfRange)
}

// sameSetup refuses a request whose name was used for another one. It compares with the
// set-up as it was: since then a wallet may have chosen the amount, and the terminal may
// have named its fees with the notice.
func sameSetup(first, asked taler.Withdrawal) error {
	amount, fees := first.Amount == asked.Amount, first.TerminalFees == asked.TerminalFees
	switch {
	case first.AmountBy == "": // so it may have been either
		amount = amount || first.State != taler.StatePending && asked.Amount == (taler.Amount{})
		fees = fees || first.Noticed != 0 && asked.TerminalFees == (taler.Amount{})
	case first.AmountBy != asked.AmountBy:
		amount = false
	case first.AmountBy == taler.BySelect:
		amount = true
	}
	if first.FeesBy == taler.ByNotice {
		fees = asked.TerminalFees == (taler.Amount{})
	}
	if amount && fees && first.Exchange == asked.Exchange && first.SuggestedAmount == asked.SuggestedAmount && first.UserUUID == asked.UserUUID {
		return nil
	}
	return fault.New(fault.Conflict, "this terminal used the request_uid for another withdrawal").
		Because(taler.ReasonRequestUIDReused).WithHint("make a new request_uid for each withdrawal")
}

// askForSetup is the terminal's side. The withdrawal is stored under its
// request_uid before the bank hears of it: after a crash the same request finds
// the same WOPID.
func askForSetup(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args taler.TerminalWithdrawalSetup
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	id, err := intend(ctx, s, args)
	if err != nil {
		return protocol.Result{}, err
	}
	var got taler.TerminalWithdrawalSetupResponse
	if err := s.Recv(ctx, &got); err != nil {
		return protocol.Result{}, giveUp(ctx, s, id, err)
	}
	_, err = change(ctx, s, id, func(status string, w *taler.TerminalWithdrawal) (verdict, error) {
		return named(status, w, got.WithdrawalID)
	})
	if err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(got)
}

// intend stores the terminal's withdrawal, or finds the one of the same request.
func intend(ctx context.Context, s protocol.Session, args taler.TerminalWithdrawalSetup) (instrument.ID, error) {
	amount := args.Amount
	if amount == (taler.Amount{}) {
		amount = args.SuggestedAmount
	}
	if err := args.Check(amount.Currency); err != nil {
		return "", err
	}
	i := instrument.Instance{Class: withdrawalID, Status: taler.TerminalNew, Keys: map[string]string{keyRequestUID: args.RequestUID}}
	err := i.Encode(taler.TerminalWithdrawal{
		RequestUID: args.RequestUID, Currency: amount.Currency, Amount: args.Amount,
		Progress: taler.TerminalProgress{Created: s.Now().Unix()},
	})
	if err != nil {
		return "", err
	}
	var id instrument.ID
	err = s.Update(ctx, func(tx instrument.Tx) error {
		found, err := tx.Find(withdrawalID, keyRequestUID, args.RequestUID)
		if fault.KindOf(err) == fault.NotFound {
			id, err = tx.Create(i)
			return err
		}
		if err != nil {
			return err
		}
		before, w, err := read[taler.TerminalWithdrawal](tx, found)
		if err != nil {
			return err
		}
		id = found
		return mayAskAgain(before.Status, w, args)
	})
	return id, err
}

func mayAskAgain(status string, w taler.TerminalWithdrawal, args taler.TerminalWithdrawalSetup) error {
	if status == taler.TerminalAborted {
		return fault.New(fault.Conflict, "this withdrawal was given up: %s", w.Reason).
			Because(taler.ReasonUpdateAbortConflict).WithHint("begin a new one, under another key")
	}
	if args.Amount != (taler.Amount{}) && w.Amount != args.Amount {
		return fault.New(fault.Conflict, "the request_uid names a withdrawal of %s already", w.Amount).Because(taler.ReasonRequestUIDReused)
	}
	return nil
}

// giveUp records a final refusal, so that the withdrawal does not stay open.
func giveUp(ctx context.Context, s protocol.Session, id instrument.ID, refusal error) error {
	switch fault.KindOf(refusal) {
	case fault.Invalid, fault.Conflict, fault.Declined, fault.Unsupported:
	default: // not reached, not authorised, not known: the same request may go well later
		return refusal
	}
	_, err := change(ctx, s, id, func(status string, w *taler.TerminalWithdrawal) (verdict, error) {
		if status != taler.TerminalNew {
			return stay, nil
		}
		w.Reason = string(fault.ReasonOf(refusal))
		w.Progress.Ended = s.Now().Unix()
		return become(taler.TerminalAborted), nil
	})
	if err != nil {
		return err
	}
	return refusal
}

// named gives a new withdrawal the WOPID that the bank made.
func named(status string, w *taler.TerminalWithdrawal, id taler.WOPID) (verdict, error) {
	switch {
	case id.IsZero():
		return stay, fault.New(fault.Invalid, "the bank answered without a withdrawal_id").Because(taler.ReasonAnswerMalformed)
	case status == taler.TerminalNew:
		w.WOPID = id
		return become(taler.TerminalPending).claiming(keyWOPID, id.Text()), nil
	case w.WOPID != id:
		return stay, fault.New(fault.Conflict, "the bank names this withdrawal otherwise than before").
			Because("wopid-differs").WithHint("the bank has lost its memory, or is another one")
	}
	return stay, nil
}
