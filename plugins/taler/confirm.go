package taler

import (
	"context"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/protocol"
)

// maxTransaction bounds a provider's name of a payment.
const maxTransaction = 256

// takeNotice is the bank's side: it stores what the terminal says and believes none of it.
// The payment is claimed later, together with the provider's proof. From here on only the
// verdict can abort the withdrawal.
func takeNotice(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args taler.ConfirmArgs
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	w, err := change(ctx, s, c.Main(), func(_ string, w *taler.Withdrawal) (verdict, error) {
		return noticed(w, args, s.Now())
	})
	switch {
	case err != nil:
		return protocol.Result{}, err
	case w.State == taler.StateAborted: // and the notice is on record
		return protocol.Result{}, fault.New(fault.Conflict, "this withdrawal was aborted before it was paid").
			Because(taler.ReasonConfirmAbortConflict).WithHint("if the card was charged, it is given back")
	}
	return protocol.ResultOf(struct{}{})
}

// noticed is the pure rule of a notice. A notice for an aborted withdrawal is refused and
// kept all the same: if there is money, it has to go back.
func noticed(w *taler.Withdrawal, args taler.ConfirmArgs, now time.Time) (verdict, error) {
	if err := args.Request().Check(w.Currency); err != nil {
		return stay, err
	}
	if len(args.ProviderTransactionID) > maxTransaction {
		return stay, fault.New(fault.Invalid, "a provider_transaction_id has at most %d bytes", maxTransaction).Because(taler.ReasonJSONInvalid)
	}
	switch {
	case args.WOPID != w.WOPID:
		return stay, unknownOperation()
	case w.State == taler.StatePending:
		return stay, fault.New(fault.Conflict, "no wallet has taken this withdrawal yet").Because(taler.ReasonNotSelected)
	case w.State == taler.StateAborted && w.ProviderTransactionID != "":
		return stay, nil
	case w.State == taler.StateAborted:
		w.ProviderTransactionID, w.Noticed = args.ProviderTransactionID, now.Unix()
		return become(string(taler.StateAborted)), nil
	}
	replaces, err := replaced(*w, args.ProviderTransactionID)
	if err != nil {
		return stay, err
	}
	if err := sameFees(*w, args.TerminalFees); err != nil {
		return stay, err
	}
	if w.ProviderTransactionID != "" && !replaces {
		return stay, nil // a repetition, before or after the verdict
	}
	next := *w
	if !args.TerminalFees.IsZero() {
		if next.TerminalFees == (taler.Amount{}) {
			next.FeesBy = taler.ByNotice
		}
		next.TerminalFees = args.TerminalFees
	}
	if next.Amount != (taler.Amount{}) {
		if err := payable(next, taler.Amount{}, taler.Amount{}); err != nil {
			return stay, err
		}
	}
	next.ProviderTransactionID, next.Noticed, next.Unfound = args.ProviderTransactionID, now.Unix(), 0
	*w = next
	return become(string(taler.StateSelected)), nil
}

// replaced reports whether a notice takes the place of an earlier one. It does if the
// provider does not know the payment that the earlier one names; while it knows that
// payment, or was not asked yet, the earlier notice stands.
func replaced(w taler.Withdrawal, transaction string) (bool, error) {
	switch {
	case w.ProviderTransactionID == "", transaction == w.ProviderTransactionID, transaction == w.Misnamed:
		return false, nil
	case w.State == taler.StateConfirmed:
		return false, fault.New(fault.Conflict, "this withdrawal was paid by another payment").
			Because(taler.ReasonPaymentDiffers).WithHint("if the card was charged twice, the second payment is given back")
	case w.Unfound == 0:
		return false, fault.New(fault.Conflict, "the provider is asked about another payment for this withdrawal, and has not decided").
			Because(taler.ReasonPaymentDiffers).WithHint("if the other one was a mistake, send this one again when the provider has said that it does not know it")
	}
	return true, nil
}

// sameFees refuses other card fees than the terminal has named before. It may name them for
// the first time in the notice, and must not change them in a second one.
func sameFees(w taler.Withdrawal, fees taler.Amount) error {
	named := w.TerminalFees != (taler.Amount{})
	switch {
	case fees == (taler.Amount{}), named && fees == w.TerminalFees:
		return nil
	case !named && (w.ProviderTransactionID == "" || fees.IsZero()):
		return nil
	}
	return fault.New(fault.Conflict, "the terminal named other card fees before").Because(taler.ReasonAmountDiffers)
}

// notify is the terminal's side.
func notify(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args taler.ConfirmArgs
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	_, err := change(ctx, s, c.Main(), func(status string, w *taler.TerminalWithdrawal) (verdict, error) {
		return stay, mayBeNotified(status, w, args)
	})
	if err != nil {
		return protocol.Result{}, err
	}
	if err := s.Recv(ctx, nil); err != nil {
		return protocol.Result{}, err
	}
	_, err = change(ctx, s, c.Main(), func(status string, w *taler.TerminalWithdrawal) (verdict, error) {
		if status != taler.TerminalPaid {
			return stay, nil
		}
		w.Progress.Notified = s.Now().Unix()
		return become(taler.TerminalNotified), nil
	})
	if err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(struct{}{})
}

// mayBeNotified refuses a notice that the terminal itself knows to be untrue.
func mayBeNotified(status string, w *taler.TerminalWithdrawal, args taler.ConfirmArgs) error {
	switch status {
	case taler.TerminalPaid, taler.TerminalNotified, taler.TerminalConfirmed:
	default:
		return fault.New(fault.Conflict, "this withdrawal is %s here, not paid", status).Because("not-paid")
	}
	if w.WOPID != args.WOPID || w.Transaction != "" && w.Transaction != args.ProviderTransactionID {
		return fault.New(fault.Invalid, "the notice names another withdrawal or payment than this one").Because(taler.ReasonPaymentDiffers)
	}
	return nil
}
