package vendor

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// Abort gives a withdrawal up, here and at the bank. It refuses while a native peer is
// paying it (fault.Conflict), and no payment begins while the bank is asked. If the bank
// does not know the withdrawal, or has it as paid by somebody else, it is given up here
// alone.
func (t *Terminal) Abort(ctx context.Context, w *Withdrawal, reason string) error {
	leave := t.aborts(w.Reference())
	if leave == nil {
		return UnderWay(*w)
	}
	defer leave()
	err := t.ask(ctx, taler.OperationAbort, taler.AbortArgs{WOPID: w.WOPID.ID(), Reason: reason}, nil, w.ID)
	if err != nil && !t.onlyHere(ctx, w, err) {
		return err
	}
	*w, err = t.Find(ctx, w.WOPID)
	if err != nil || w.Status == taler.TerminalAborted {
		return err
	}
	return t.ended(ctx, w, reason)
}

// GiveUp is Abort for the person who sells. It refuses if a card was charged for the
// withdrawal, or may have been (fault.Conflict, reason "payment-under-way"): then the
// customer is owed cash or money. A withdrawal that was aborted already stays as it is.
func (t *Terminal) GiveUp(ctx context.Context, w *Withdrawal, reason string) error {
	if w.Status == taler.TerminalAborted {
		return nil
	}
	if t.MayBeCharged(ctx, *w) {
		return UnderWay(*w)
	}
	return t.Abort(ctx, w, reason)
}

// UnderWay is the refusal to give up a withdrawal that is being paid or was paid.
func UnderWay(w Withdrawal) error {
	if w.Over() {
		return fault.New(fault.Conflict, "the withdrawal is paid, and over").Because("payment-under-way").
			WithHint("its cash is the customer's: nothing is left to give up")
	}
	return fault.New(fault.Conflict, "the withdrawal is being paid, or is").Because("payment-under-way").
		WithHint("let it have its end: `terminal serve` goes on with it, or `terminal resume %s`", w.Short())
}

// onlyHere reports whether, after a bank's refusal to abort, only our own record is left to
// abort. The bank does not know the withdrawal, has confirmed it, or lets no terminal abort;
// and no card was charged here, or may have been. Otherwise it would be tried for ever.
func (t *Terminal) onlyHere(ctx context.Context, w *Withdrawal, refusal error) bool {
	now, err := t.Find(ctx, w.WOPID)
	if err != nil || t.MayBeCharged(ctx, now) {
		return false
	}
	switch fault.ReasonOf(refusal) {
	case taler.ReasonUnknownOperation:
		return true
	case taler.ReasonAbortConfirmConflict: // also while the bank asks its provider about a payment
		status, err := t.statusOf(ctx, w, taler.LongPoll{})
		return err == nil && status.Status == taler.StateConfirmed
	case taler.ReasonEndpointUnknown, taler.ReasonMethodInvalid: // its time ends it there
		_, err := t.statusOf(ctx, w, taler.LongPoll{})
		return err == nil
	}
	return false
}
