package vendor

import (
	"context"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// agreed holds the bank, before a card is charged, to what the customer is asked to
// agree to: fault.Declined where it has the withdrawal at another amount, other fees or
// another exchange, for another wallet, or has it as paid already. What it does not say
// is as it was.
func agreed(w *Withdrawal, at taler.BankWithdrawalOperationStatus) error {
	var wrong string
	switch none := (instrument.Amount{}); {
	case at.Status == taler.StateConfirmed:
		wrong = "the bank says that the withdrawal is paid already"
	case at.Amount != none && at.Amount != w.Amount:
		wrong = "the bank would give " + at.Amount.String() + " and not " + w.Amount.String()
	case at.CardFees != none && w.Total != none && at.CardFees != w.Fees:
		wrong = "the bank takes fees of " + at.CardFees.String() + " and not " + w.Fees.String()
	case at.RequiredExchange != "" && w.Exchange != "" && at.RequiredExchange != w.Exchange:
		wrong = "the bank would give cash of another exchange"
	case !w.ReservePub.IsZero() && !at.MayBeOf(w.ReservePub):
		wrong = "the bank would give the cash to another wallet"
	default:
		return nil
	}
	return fault.New(fault.Declined, "%s; nothing was charged", wrong).Because("bank-differs")
}

// glance is how long the bank may look once more, before a card is charged, for the
// wallet that has the withdrawal.
const glance = 5 * time.Second

// stillAgreed asks the bank once more before a card is charged: fault.Declined where
// nothing becomes of the withdrawal any more, any other error where it is not to be paid
// now. A bank that does not answer now answers the notice.
func (t *Terminal) stillAgreed(ctx context.Context, w *Withdrawal) error {
	status, err := t.statusOf(ctx, w, taler.LongPoll{Timeout: glance, OldState: taler.StatePending})
	switch {
	case passing(err):
		return nil
	case err != nil:
		return err
	case status.Status == taler.StateAborted:
		return abortedUnpaid()
	case status.Status == taler.StatePending: // a copy that lags behind, or a bank that was restored: it would refuse the notice
		return fault.New(fault.Unavailable, "the bank says that no wallet has the withdrawal").Because("bank-behind")
	}
	return agreed(w, status)
}

// notGivenUp is the last look before a card is charged: no ABORT of ours is on its way to
// the bank, of this process or another. Whoever began one may have left while the bank was
// away; it arrives nevertheless, and what was charged by then would have to come back.
func (t *Terminal) notGivenUp(ctx context.Context, w *Withdrawal) error {
	leased, err := t.Instruments().Leased(ctx, w.ID)
	if err != nil {
		return err
	}
	now, err := t.Find(ctx, w.WOPID)
	if err == nil && (leased || now.Status == taler.TerminalAborted) {
		err = fault.New(fault.Locked, "the withdrawal is being given up").Because("being-aborted").WithHint("begin another one")
	}
	return err
}
