package vendor

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Purchase is what a customer wants.
type Purchase struct {
	RequestUID string // idempotency key of the SETUP
	Amount     instrument.Amount
	Exchange   string // one of the bank's, by its name; empty: the default one
	Card       string // what the terminal's own reader reads; empty: a native peer pays
}

// pollFor is how long one long poll waits at the bank.
const pollFor = 30 * time.Second

// Withdraw sells digital cash, from SETUP to the receipt. It returns the
// withdrawal as it ended; an aborted one is fault.Declined with the reason. When
// ctx ends the withdrawal stays as it is on record and Resume goes on from there.
func (t *Terminal) Withdraw(ctx context.Context, p Purchase, s Screen) (Withdrawal, error) {
	w, err := t.setUp(ctx, p)
	if err != nil {
		return w, err
	}
	return t.goOn(ctx, w, p.Card, s)
}

// Resume goes on with a withdrawal after a restart.
func (t *Terminal) Resume(ctx context.Context, id taler.WOPID, card string, s Screen) (Withdrawal, error) {
	w, err := t.Find(ctx, id)
	if err != nil {
		return w, err
	}
	return t.goOn(ctx, w, card, s)
}

// goOn shows a withdrawal, with the wallet that has it, and drives it to its end.
// Nobody is asked twice to accept it.
func (t *Terminal) goOn(ctx context.Context, w Withdrawal, card string, s Screen) (Withdrawal, error) {
	for _, e := range append([]Event{w.setup()}, w.selected()...) {
		s.Show(e)
	}
	if w.AwaitsCustomer() {
		err := t.accept(ctx, &w, s)
		if errors.Is(err, fault.Declined) { // at the bank, while the customer was asked, or by whoever asks them
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
			err = t.interrupted(ctx, w, err)
		case taler.TerminalPaid:
			err = t.notify(ctx, &w)
		case taler.TerminalNotified:
			err = t.awaitVerdict(ctx, &w)
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

// ahead looks whether a step from a status was refused because another process goes on
// with the withdrawal as well, and was faster: then it is further on, and so are we.
func (t *Terminal) ahead(ctx context.Context, id taler.WOPID, from string, err error) (Withdrawal, bool) {
	if !errors.Is(err, fault.Conflict) && !errors.Is(err, fault.Locked) {
		return Withdrawal{}, false
	}
	now, err := t.Find(ctx, id)
	return now, err == nil && now.Status != from
}

// reasonAborted is a withdrawal that ended without cash.
const reasonAborted fault.Reason = "withdrawal-aborted"

func aborted(reason string) error {
	return fault.New(fault.Declined, "the withdrawal was aborted: %s", reason).Because(reasonAborted)
}

// setUp has the bank make a WOPID and works out what the card is charged.
func (t *Terminal) setUp(ctx context.Context, p Purchase) (Withdrawal, error) {
	bank, err := t.offers(ctx, p)
	if err != nil {
		return Withdrawal{}, err
	}
	taken, err := takes(bank, p.Amount)
	if err != nil {
		return Withdrawal{}, err
	}
	request := taler.TerminalWithdrawalSetup{RequestUID: p.RequestUID, Amount: p.Amount, TerminalFees: taken, Exchange: p.Exchange}
	if err := t.ask(ctx, taler.OperationSetUp, request, nil); err != nil {
		return Withdrawal{}, err
	}
	w, err := t.FindByRequest(ctx, p.RequestUID)
	if err != nil || w.Status != taler.TerminalPending {
		return w, err
	}
	status, err := t.statusOf(ctx, &w, taler.LongPoll{})
	if err != nil {
		return w, err
	}
	uri, err := taler.NewWithdrawURI(t.cfg.Integration, w.WOPID.ID())
	if err != nil {
		return w, err
	}
	fees := status.CardFees
	if fees == (instrument.Amount{}) {
		fees = instrument.ZeroOf(p.Amount.Currency)
	}
	total, err := p.Amount.Add(fees)
	if err != nil {
		return w, err
	}
	err = t.change(ctx, &w, taler.TerminalPending, func(r *taler.TerminalWithdrawal) {
		r.URI, r.Fees, r.Total, r.Exchange = uri.Text(), fees, total, status.Exchange()
	})
	return w, err
}

// CheckPurchase asks the bank whether it deals in what is wanted, and keeps
// nothing: what is refused here has never begun. fault.Invalid for another
// currency, fault.NotFound for an exchange that is not one of its own.
func (t *Terminal) CheckPurchase(ctx context.Context, p Purchase) error {
	_, err := t.offers(ctx, p)
	return err
}

// offers is what the bank says of itself, if it deals in what is wanted.
func (t *Terminal) offers(ctx context.Context, p Purchase) (taler.TerminalConfig, error) {
	bank, err := t.BankConfig(ctx)
	if err != nil {
		return bank, err
	}
	if p.Amount.Currency != bank.Currency {
		return bank, fault.New(fault.Invalid, "the bank deals in %s and not in %s", bank.Currency, p.Amount.Currency).Because(taler.ReasonCurrencyMismatch)
	}
	named := func(x taler.ExchangeChoice) bool { return x.Name == p.Exchange }
	if p.Exchange != "" && p.Exchange != taler.DefaultExchange && !slices.ContainsFunc(bank.Exchanges, named) {
		return bank, fault.New(fault.NotFound, "the bank sells no cash of an exchange %q", p.Exchange).Because(taler.ReasonExchangeUnknown)
	}
	return bank, nil
}

// takes is what this terminal takes of an amount, as the bank's operator has
// agreed with its owner; the zero Amount if nothing was.
func takes(bank taler.TerminalConfig, of instrument.Amount) (instrument.Amount, error) {
	if bank.Till == nil {
		return instrument.Amount{}, nil
	}
	return bank.Till.Due(of)
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
	return t.change(ctx, w, taler.TerminalPending, func(r *taler.TerminalWithdrawal) {
		r.Terms = taler.TermsAcceptance{Version: terms.Version, AcceptedAt: t.Now().Unix()}
	})
}

// awaitWallet waits until a wallet has selected [3].
func (t *Terminal) awaitWallet(ctx context.Context, w *Withdrawal, s Screen) error {
	status, err := t.await(ctx, w, taler.StatePending)
	if err != nil {
		return err
	}
	if status.Status == taler.StateAborted {
		return t.ended(ctx, w, "the withdrawal was aborted before a card was shown")
	}
	s.Show(Event{Event: EventSelected, Reserve: status.SelectedReservePub.String()})
	return t.change(ctx, w, taler.TerminalSelected, func(r *taler.TerminalWithdrawal) { r.ReservePub = status.SelectedReservePub })
}

// notify tells the bank that the card was charged [7].
func (t *Terminal) notify(ctx context.Context, w *Withdrawal) error {
	err := t.ask(ctx, taler.OperationConfirm, taler.ConfirmArgs{WOPID: w.WOPID, ProviderTransactionID: w.Transaction}, nil, w.ID)
	if err != nil && fault.ReasonOf(err) == taler.ReasonConfirmAbortConflict {
		return t.ended(ctx, w, "the bank had aborted the withdrawal before it heard of the payment: the card was charged, and the money is owed back")
	}
	if err != nil {
		return err
	}
	*w, err = t.Find(ctx, w.WOPID)
	return err
}

// awaitVerdict waits until the bank has decided [9].
func (t *Terminal) awaitVerdict(ctx context.Context, w *Withdrawal) error {
	status, err := t.await(ctx, w, taler.StateSelected)
	if err != nil {
		return err
	}
	if status.Status == taler.StateAborted {
		return t.ended(ctx, w, "the bank could not verify the payment")
	}
	return t.change(ctx, w, taler.TerminalConfirmed, func(r *taler.TerminalWithdrawal) { r.Progress.Ended = t.Now().Unix() })
}

// await long-polls until the status is another than the old one. A bank that
// cannot be reached is asked again: it comes back. So is one that answers early,
// at a pace.
func (t *Terminal) await(ctx context.Context, w *Withdrawal, old taler.State) (taler.BankWithdrawalOperationStatus, error) {
	for pace := (taler.Pace{Most: 5 * time.Second}); ; {
		asked := t.Now()
		status, err := t.statusOf(ctx, w, taler.LongPoll{Timeout: pollFor, OldState: old})
		took := t.Now().Sub(asked)
		if err == nil && status.Status != old {
			return status, nil
		}
		if ctx.Err() != nil {
			return status, fault.Wrap(ctx.Err(), fault.Unknown, "the withdrawal is still %s", w.Status).
				Because(protocol.ReasonPending).WithHint("go on with `terminal resume %s`", w.Short())
		}
		if err != nil {
			if !errors.Is(err, fault.Unavailable) && !errors.Is(err, fault.Timeout) && !errors.Is(err, fault.Unknown) {
				return status, err
			}
			t.Log().Info("the bank does not answer and is asked again", "error", err)
			took = 0
		}
		select {
		case <-time.After(pace.Pause(took, pollFor)):
		case <-ctx.Done():
		}
	}
}

// Watch waits until a withdrawal that is not paid is aborted at the bank, by its
// wallet or because its time is over, and says so: fault.Declined. A Screen that
// waits for a person asks for it beside. nil: it goes on elsewhere, or ctx has ended.
func (t *Terminal) Watch(ctx context.Context, w Withdrawal) error {
	for old := taler.StatePending; ; {
		status, err := t.await(ctx, &w, old)
		switch {
		case err != nil, status.Status == taler.StateConfirmed:
			return nil
		case status.Status == taler.StateAborted:
			return abortedUnpaid()
		}
		old = status.Status
	}
}

// Abort gives a withdrawal up, here and at the bank. One that is being paid by a
// native peer at this moment is not: fault.Conflict.
func (t *Terminal) Abort(ctx context.Context, w *Withdrawal, reason string) error {
	if s, err := t.sale(w.Reference()); err == nil && t.isTaken(s) {
		return fault.New(fault.Conflict, "the withdrawal is being paid").Because("payment-under-way")
	}
	err := t.ask(ctx, taler.OperationAbort, taler.AbortArgs{WOPID: w.WOPID.ID(), Reason: reason}, nil, w.ID)
	if err != nil {
		return err
	}
	*w, err = t.Find(ctx, w.WOPID)
	if err != nil || w.Status == taler.TerminalAborted {
		return err
	}
	return t.ended(ctx, w, reason)
}

// ended records an end without confirmation.
func (t *Terminal) ended(ctx context.Context, w *Withdrawal, reason string) error {
	return t.change(ctx, w, taler.TerminalAborted, func(r *taler.TerminalWithdrawal) {
		r.Reason, r.Progress.Ended = reason, t.Now().Unix()
	})
}
