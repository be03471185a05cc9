package taler

import (
	"context"
	"encoding/json"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// maxReason bounds a reason that somebody else wrote.
const maxReason = 200

// abort is the bank's side. A paid withdrawal cannot be aborted with a photo of
// its QR code: once a notice is stored only the provider's answer ends it.
func abort(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	args, err := abortArgs(c)
	if err != nil {
		return protocol.Result{}, err
	}
	if args.Reason == "" {
		args.Reason = abortedBy(s.Peer().Role)
	}
	_, err = change(ctx, s, c.Main(), func(_ string, w *taler.Withdrawal) (verdict, error) {
		return aborted(w, args, operator(s.Peer().Role), s.Now())
	})
	if err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(struct{}{})
}

func abortArgs(c protocol.Call) (taler.AbortArgs, error) {
	var args taler.AbortArgs
	err := c.Arguments(&args)
	if err == nil && len(args.Reason) > maxReason {
		err = fault.New(fault.Invalid, "a reason has at most %d bytes", maxReason).Because(taler.ReasonJSONInvalid)
	}
	return args, err
}

func abortedBy(role comm.Role) string {
	switch role {
	case comm.Client:
		return "aborted by the wallet"
	case comm.Vendor:
		return "aborted by the terminal"
	}
	return "aborted by the bank"
}

// operator is the role of a caller without a peer: the bank's own command.
func operator(role comm.Role) bool { return role != comm.Client && role != comm.Vendor }

// aborted is the pure rule of an abort. The operator may also end a withdrawal whose notice
// names a payment that the provider does not know. That ends the notice as well; a payment
// that appears later is found by its reference. The operator may end such a notice even if
// the withdrawal was aborted before: otherwise the bank would ask about it for ever.
func aborted(w *taler.Withdrawal, args taler.AbortArgs, operator bool, now time.Time) (verdict, error) {
	switch {
	case args.WOPID != w.WOPID.ID():
		return stay, unknownOperation()
	case w.State == taler.StateAborted && (!operator || !w.Undecided() || w.Unfound == 0):
		return stay, nil
	case w.State == taler.StateAborted:
		w.Proof = json.RawMessage("null")
		return become(string(taler.StateAborted)), nil
	case w.State == taler.StateConfirmed:
		return stay, fault.New(fault.Conflict, "this withdrawal is paid and cannot be aborted").Because(taler.ReasonAbortConfirmConflict)
	case w.ProviderTransactionID != "" && (!operator || w.Unfound == 0):
		return stay, fault.New(fault.Conflict, "the terminal says that this withdrawal is paid, and the provider has not decided").
			Because(taler.ReasonAbortConfirmConflict).WithHint("wait for the provider's answer")
	}
	if w.ProviderTransactionID != "" {
		w.Proof = json.RawMessage("null")
	}
	w.State, w.Aborted, w.AbortReason = taler.StateAborted, now.Unix(), args.Reason
	return become(string(taler.StateAborted)), nil
}

// askForAbort is the side of a terminal or wallet. Its own instrument of the call is given up
// when the bank has agreed.
func askForAbort(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	args, err := abortArgs(c)
	if err != nil {
		return protocol.Result{}, err
	}
	if args.Reason == "" {
		args.Reason = "aborted here"
	}
	if err := giveUpOwn(ctx, s, c.Instruments, mayAbort); err != nil {
		return protocol.Result{}, err
	}
	if err := s.Recv(ctx, nil); err != nil {
		return protocol.Result{}, err
	}
	if err := giveUpOwn(ctx, s, c.Instruments, abandonIt(args.Reason, s.Now())); err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(struct{}{})
}

// giveUpOwn applies a rule to this side's own instrument of the call.
func giveUpOwn(ctx context.Context, s protocol.Session, ids []instrument.ID, rule func(instrument.Tx, instrument.Instance) error) error {
	return s.Update(ctx, func(tx instrument.Tx) error {
		for _, id := range ids {
			i, err := tx.Get(id)
			if err != nil {
				return err
			}
			if err := rule(tx, i); err != nil {
				return err
			}
		}
		return nil
	})
}

// mayAbort refuses if the terminal has charged the card: the customer's money would be lost,
// and the terminal has to go on with CONFIRM.
func mayAbort(_ instrument.Tx, i instrument.Instance) error {
	switch i.Status {
	case taler.TerminalPaid, taler.TerminalNotified, taler.TerminalConfirmed:
		return fault.New(fault.Conflict, "the card was charged for this withdrawal").
			Because(taler.ReasonAbortConfirmConflict).WithHint("tell the bank with CONFIRM")
	}
	return nil
}

// abandonIt moves a terminal's withdrawal or a wallet's reserve to aborted,
// unless it is there or has come too far for that.
func abandonIt(reason string, now time.Time) func(instrument.Tx, instrument.Instance) error {
	return func(tx instrument.Tx, i instrument.Instance) error {
		if i.Class == reserveID {
			var r taler.Reserve
			if err := i.Decode(&r); err != nil {
				return err
			}
			if v := abandoned(i.Status, &r, taler.AbandonArgs{Reason: reason}); v.change {
				return put(tx, i, v.status, r)
			}
			return nil
		}
		var w taler.TerminalWithdrawal
		if err := i.Decode(&w); err != nil || i.Status == taler.TerminalAborted {
			return err
		}
		w.Reason, w.Progress.Ended = reason, now.Unix()
		return put(tx, i, taler.TerminalAborted, w)
	}
}

// abandoned is the pure rule of giving a reserve up. It is permitted as long as no coins were
// asked for, or if the reserve is empty and every request for coins was refused. While an
// answer is missing there may be coins: then it takes the person's word. The request is kept,
// and sent again if the person goes on after all.
func abandoned(status string, r *taler.Reserve, args taler.AbandonArgs) verdict {
	switch status {
	case taler.ReserveCreated, taler.ReserveSelected:
	case taler.ReserveSent, taler.ReserveFailed:
		if !args.Empty || r.Batch != nil && !r.Batch.Clean && !args.Forgo {
			return stay
		}
	default:
		return stay
	}
	r.Reason = args.Reason
	return become(taler.ReserveAborted)
}
