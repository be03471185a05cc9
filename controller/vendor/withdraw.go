package vendor

import (
	"context"
	"errors"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/protocol"
)

// pollFor is how long one long poll waits at the bank.
const pollFor = 30 * time.Second

// Withdraw sells digital cash, from SETUP to the receipt. It returns the
// withdrawal as it ended; an aborted one is fault.Declined with the reason. When
// ctx ends the withdrawal stays as it is on record and Resume goes on from there.
func (t *Terminal) Withdraw(ctx context.Context, o Order, s Screen) (Withdrawal, error) {
	w, err := t.setUp(ctx, o)
	if err == nil {
		w, err = t.goOn(ctx, w, o.Card, s)
	}
	return w, t.onward(ctx, w, err)
}

// Resume goes on with a withdrawal after a restart.
func (t *Terminal) Resume(ctx context.Context, id taler.WOPID, card string, s Screen) (Withdrawal, error) {
	w, err := t.quoted(ctx, id)
	if err == nil {
		w, err = t.goOn(ctx, w, card, s)
	}
	return w, t.onward(ctx, w, err)
}

// goOn shows a withdrawal and the wallet that has it, and drives it to its end. The
// customer is asked to accept it, unless they have accepted it before.
func (t *Terminal) goOn(ctx context.Context, w Withdrawal, card string, s Screen) (Withdrawal, error) {
	for _, e := range append([]Event{w.setup()}, w.selected()...) {
		s.Show(e)
	}
	if w.AwaitsCustomer() {
		err := t.accept(ctx, &w, s)
		if errors.Is(err, fault.Declined) { // it was aborted at the bank meanwhile, or declined on the screen's side
			err = t.Abort(ctx, &w, fault.From(err).Message)
		}
		if err != nil {
			return w, err
		}
	}
	return t.drive(ctx, w, card, s)
}

// drive takes a withdrawal from where its record says it is to its end.
func (t *Terminal) drive(ctx context.Context, w Withdrawal, card string, s Screen) (Withdrawal, error) {
	for {
		from := w.Status
		var err error
		switch from {
		case taler.TerminalPending:
			err = t.awaitWallet(ctx, &w, s)
		case taler.TerminalSelected:
			err = t.takePayment(ctx, &w, card, s)
		case taler.TerminalPaid:
			err = t.notify(ctx, &w)
		case taler.TerminalNotified:
			err = t.awaitVerdict(ctx, &w, s)
		case taler.TerminalConfirmed:
			s.Show(Event{Event: EventConfirmed})
			return w, nil
		case taler.TerminalAborted:
			s.Show(Event{Event: EventAborted, Reason: w.Reason})
			return w, aborted(w.Reason)
		default:
			return w, fault.New(fault.Internal, "a withdrawal that is %s cannot go on", w.Status)
		}
		if err == nil {
			continue
		}
		now, ahead := t.ahead(ctx, w.WOPID, from, err)
		if !ahead {
			return w, err
		}
		w = now
	}
}

// ahead finds out whether a step from a status was refused because another process goes
// on with the withdrawal as well, and was faster. Then we go on from where it is now.
func (t *Terminal) ahead(ctx context.Context, id taler.WOPID, from string, err error) (Withdrawal, bool) {
	if !errors.Is(err, fault.Conflict) && !errors.Is(err, fault.Locked) {
		return Withdrawal{}, false
	}
	now, err := t.Find(ctx, id)
	return now, err == nil && now.Status != from
}

// reasonAborted marks a withdrawal that ended without cash.
const reasonAborted fault.Reason = "withdrawal-aborted"

func aborted(reason string) error {
	return fault.New(fault.Declined, "the withdrawal was aborted: %s", reason).Because(reasonAborted)
}

// accept asks the customer, and records which terms were accepted and when.
// Declining aborts the WOPID.
func (t *Terminal) accept(ctx context.Context, w *Withdrawal, s Screen) error {
	terms, err := t.terms(ctx, w.Exchange)
	if err != nil {
		t.Log().Warn("the exchange's terms of service could not be read", "exchange", w.Exchange, "error", err)
	}
	yes, err := s.Accept(ctx, Quote{Amount: w.Amount, Fees: w.Fees, Total: w.Total, Exchange: w.Exchange, Terms: terms})
	if err != nil {
		return err
	}
	if !yes {
		return t.Abort(ctx, w, "the customer did not accept")
	}
	said := *w
	return t.change(ctx, w, taler.TerminalPending, func(r *taler.TerminalWithdrawal) {
		r.Fees, r.Total, r.Exchange = said.Fees, said.Total, said.Exchange // another process may have asked the bank again
		r.Terms = taler.TermsAcceptance{Version: terms.Version, AcceptedAt: t.Now().Unix()}
	})
}

// awaitWallet waits until a wallet has selected [3].
func (t *Terminal) awaitWallet(ctx context.Context, w *Withdrawal, s Screen) error {
	status, err := t.await(ctx, w, taler.StatePending, s)
	if err != nil {
		return err
	}
	if status.Status == taler.StateAborted {
		return t.ended(ctx, w, "the withdrawal was aborted before a card was shown")
	}
	if err := agreed(w, status); err != nil {
		return t.Abort(ctx, w, fault.From(err).Message)
	}
	e := Event{Event: EventSelected}
	if !status.SelectedReservePub.IsZero() {
		e.Reserve = status.SelectedReservePub.String()
	}
	s.Show(e)
	return t.change(ctx, w, taler.TerminalSelected, func(r *taler.TerminalWithdrawal) { r.ReservePub = status.SelectedReservePub })
}

// notify tells the bank that the card was charged [7]. The bank keeps the notice even if it
// refuses it, and gives back what buys nothing.
func (t *Terminal) notify(ctx context.Context, w *Withdrawal) error {
	err := t.ask(ctx, taler.OperationConfirm, taler.ConfirmArgs{WOPID: w.WOPID, ProviderTransactionID: w.Transaction}, nil, w.ID)
	switch {
	case fault.ReasonOf(err) == taler.ReasonConfirmAbortConflict:
		return t.ended(ctx, w, "the bank had aborted the withdrawal before it heard of the payment: the card was charged, and the money is owed back")
	case fault.ReasonOf(err) == taler.ReasonPaymentDiffers && t.confirmedOtherwise(ctx, w):
		return t.ended(ctx, w, "the bank had confirmed the withdrawal by another payment before it heard of this one: the card was charged, and the money is owed back")
	}
	if err != nil {
		return err
	}
	*w, err = t.Find(ctx, w.WOPID)
	return err
}

// confirmedOtherwise reports whether the bank refuses our notice for good, because another payment
// has confirmed the withdrawal. Until that is decided it may still take ours.
func (t *Terminal) confirmedOtherwise(ctx context.Context, w *Withdrawal) bool {
	status, err := t.statusOf(ctx, w, taler.LongPoll{})
	return err == nil && status.Status == taler.StateConfirmed
}

// awaitVerdict waits until the bank has decided [9].
func (t *Terminal) awaitVerdict(ctx context.Context, w *Withdrawal, s Screen) error {
	status, err := t.await(ctx, w, taler.StateSelected, s)
	if err != nil {
		return err
	}
	if status.Status == taler.StateAborted {
		return t.ended(ctx, w, "the bank could not verify the payment")
	}
	return t.change(ctx, w, taler.TerminalConfirmed, func(r *taler.TerminalWithdrawal) { r.Progress.Ended = t.Now().Unix() })
}

// await long-polls until the status is neither the old one nor pending, which a copy of
// the bank's data that lags behind may still say.
func (t *Terminal) await(ctx context.Context, w *Withdrawal, old taler.State, s Screen) (taler.BankWithdrawalOperationStatus, error) {
	return t.answer(ctx, w, taler.LongPoll{Timeout: pollFor, OldState: old}, s, func(now taler.State) bool {
		return now != old && now != taler.StatePending
	})
}

// answer asks the bank for a withdrawal until it says a state that counts. It asks again,
// ever more slowly, when the bank cannot be reached, fails, or answers a long poll early.
// The Screen, if there is one, is told when the bank is away; then the next question asks
// for an answer at once, so that the Screen also hears soon that the bank is back.
func (t *Terminal) answer(ctx context.Context, w *Withdrawal, poll taler.LongPoll, s Screen, counts func(taler.State) bool) (taler.BankWithdrawalOperationStatus, error) {
	missed := false
	for pace := (taler.Pace{Most: 5 * time.Second}); ; {
		question := poll
		if missed {
			question = taler.LongPoll{}
		}
		asked := t.Now()
		status, err := t.statusOf(ctx, w, question)
		took := t.Now().Sub(asked)
		if missed && err == nil {
			away(s, nil)
			took = pollFor
		}
		if err == nil && counts(status.Status) {
			return status, nil
		}
		if ctx.Err() != nil {
			return status, fault.Wrap(ctx.Err(), fault.Unknown, "the withdrawal is still %s", w.Status).
				Because(protocol.ReasonPending)
		}
		if err != nil {
			if !passing(err) {
				return status, err
			}
			t.Log().Info("the bank does not answer and is asked again", "error", err)
			away(s, err)
			took = 0
		}
		missed = err != nil
		select {
		case <-time.After(pace.Pause(took, pollFor)):
		case <-ctx.Done():
		}
	}
}

// passing reports whether an error says only that the bank did not, or could not, answer.
func passing(err error) bool {
	switch fault.KindOf(err) {
	case fault.Unavailable, fault.Timeout, fault.Unknown:
		return true
	}
	return false
}

// Watch waits until a withdrawal that is not paid is aborted at the bank, by its wallet
// or because it has expired, and returns fault.Declined. A Screen runs it while it waits
// for a person. Nil means that there is nothing to wait for any more: the withdrawal was
// confirmed, ctx has ended, or the bank refuses to answer.
func (t *Terminal) Watch(ctx context.Context, w Withdrawal) error {
	for old := taler.StatePending; ; {
		status, err := t.await(ctx, &w, old, nil)
		switch {
		case err != nil, status.Status == taler.StateConfirmed:
			return nil
		case status.Status == taler.StateAborted:
			return abortedUnpaid()
		}
		old = status.Status
	}
}

// ended records an end without confirmation.
func (t *Terminal) ended(ctx context.Context, w *Withdrawal, reason string) error {
	return t.change(ctx, w, taler.TerminalAborted, func(r *taler.TerminalWithdrawal) {
		r.Reason, r.Progress.Ended = reason, t.Now().Unix()
	})
}
