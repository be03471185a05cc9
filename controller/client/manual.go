package client

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
)

// WithdrawByTransfer withdraws without a bank that knows of Taler: the person sends
// money to the exchange's account with the reserve's key as the subject. The same
// key goes on with the same withdrawal. want names exchange, amount and key.
func (w *Wallet) WithdrawByTransfer(ctx context.Context, want Withdrawal, p Person) error {
	run := &withdrawal{w: w, want: want, person: p}
	op, err := w.operationOfKey(ctx, want.Key, func(x Withdrawn) bool {
		return x.Bank == "" && x.Amount == want.Amount && x.Exchange == taler.ExchangeBase(want.Exchange)
	})
	if err != nil {
		return err
	}
	i, err := w.Instruments().Lookup(ctx, ClassReserve, "withdrawal", "manual/"+string(op))
	run.id = i.ID
	if errors.Is(err, fault.NotFound) {
		err = run.beginByTransfer(ctx, op)
	}
	if err != nil {
		return err
	}
	return run.drive(ctx)
}

func (r *withdrawal) beginByTransfer(ctx context.Context, op instrument.OperationID) (err error) {
	stop := r.tellIfSlow(documentsMissing)
	r.exchange, err = r.w.chosen(ctx, r.want.Exchange)
	if stop(); err != nil {
		return err
	}
	account := r.exchange.TransferAccount()
	if account == "" {
		return fault.New(fault.Unsupported, "the exchange %s takes no transfers", r.exchange.URL).Because("no-common-account").
			WithHint("use another exchange: --exchange URL")
	}
	amount, err := r.agree(ctx)
	if err != nil {
		return err
	}
	prepare := coins(taler.OperationPrepare, taler.PrepareArgs{Exchange: r.exchange.ID, Amount: amount, Account: account, Agreed: r.agreed})
	prepare.ID, prepare.Amount = op, amount
	var made taler.PrepareResult
	if err := r.w.do(ctx, prepare, &made); err != nil {
		return err
	}
	r.id = made.Reserve
	return r.w.nameReserve(ctx, r.id, op)
}

// byTransfer tells the person what to send, waits for it and makes coins of it.
func (r *withdrawal) byTransfer(ctx context.Context, reserve taler.Reserve) error {
	if err := r.askForTransfer(ctx, reserve); err != nil {
		return err
	}
	return r.cash(ctx, reserve)
}

// askForTransfer tells the person what to send, where, and by what it goes on.
func (r *withdrawal) askForTransfer(ctx context.Context, reserve taler.Reserve) error {
	i, err := r.w.Instruments().View(ctx, r.id)
	if err != nil {
		return err
	}
	at, err := r.w.Instruments().View(ctx, reserve.Exchange)
	if err != nil {
		return err
	}
	e, err := exchangeOf(at)
	if err != nil {
		return err
	}
	pub := reserve.ReservePub.String()
	event := Event{Event: "transfer", Reserve: pub, Amount: &reserve.Amount, Payto: reserve.Account.Transfer(reserve.Amount, pub), Operation: operationOf(i), Key: r.want.Key}
	for _, a := range e.Accounts {
		if a.PaytoURI.Equal(reserve.Account) {
			event.Restrictions, event.ConversionURL = a.Hints(r.w.Languages), a.Conversion()
		}
	}
	r.person.Show(event)
	return nil
}

// Resume goes on with a withdrawal that is on record, wherever it came from.
func (w *Wallet) Resume(ctx context.Context, x Withdrawn, want Withdrawal, p Person) error {
	if x.Bank != "" {
		want.URI = x.uri
		return w.Withdraw(ctx, want, p)
	}
	run := &withdrawal{w: w, want: want, person: p, id: x.id}
	return run.drive(ctx)
}

// AbortWithdrawal gives a withdrawal up whose money has not been sent yet, here
// and at the bank, or has gone back from the exchange. What was paid already is not
// given up: fault.Conflict.
func (w *Wallet) AbortWithdrawal(ctx context.Context, x Withdrawn, reason string) error {
	return w.giveUp(ctx, x, taler.AbandonArgs{Reason: reason})
}

func (w *Wallet) giveUp(ctx context.Context, x Withdrawn, args taler.AbandonArgs) error {
	i, reserve, err := w.reserve(ctx, x.id)
	if err != nil {
		return err
	}
	switch i.Status {
	case taler.ReserveAborted:
		return nil
	case taler.ReserveDone:
		return fault.New(fault.Conflict, "this withdrawal is done: it has become %s", fault.Count(reserve.Coins, "coin")).Because(reasonNotAbandonable).
			WithHint("`wallet coins` shows what is here")
	}
	x.Status = i.Status
	asked := x.Asked()
	if asked || reserve.BankURL == "" {
		err = w.notArrived(ctx, x)
	} else {
		err = w.abortAtBank(ctx, reserve, args.Reason)
	}
	if err != nil {
		return err
	}
	args.Empty = asked
	err = w.do(ctx, coins(taler.OperationAbandon, args, x.id), nil)
	if f := fault.From(err); asked && fault.ReasonOf(err) == reasonNotAbandonable {
		err = f.WithHint("an answer was lost, and the coins may be made: go on with %s; if the exchange refuses them for good: `wallet operation abandon %s --forgo`",
			resumeNamed(string(x.Operation)), x.Operation)
	}
	return err
}

// ForgoWithdrawal is AbortWithdrawal also where nobody answers who could say that nothing was paid: a
// bank may be gone for good. Where the exchange was asked for coins it must answer, and have nothing left;
// then it counts no more that an answer of it was lost. The reserve keeps its key and the request for its
// coins, and what is paid to it after all, or was made of it, is fetched by Resume.
func (w *Wallet) ForgoWithdrawal(ctx context.Context, x Withdrawn, reason string) error {
	err := w.giveUp(ctx, x, taler.AbandonArgs{Reason: reason, Forgo: true})
	if err == nil || errors.Is(err, fault.Conflict) || ctx.Err() != nil || x.Asked() {
		return err
	}
	return w.do(ctx, coins(taler.OperationAbandon, taler.AbandonArgs{Reason: reason}, x.id), nil)
}

// reasonNotAbandonable marks a withdrawal of which there is money.
const reasonNotAbandonable fault.Reason = "not-abandonable"

// notArrived refuses to give up a reserve in which there is money.
func (w *Wallet) notArrived(ctx context.Context, x Withdrawn) error {
	var got taler.AwaitResult
	if err := w.do(ctx, coins(taler.OperationAwait, taler.AwaitArgs{}, x.id), &got); err != nil {
		return err
	}
	if got.Exists && !got.Balance.IsZero() { // nothing is left of one that was closed
		return fault.New(fault.Conflict, "the exchange has %s for this withdrawal", got.Balance).Because(reasonNotAbandonable).
			WithHint("go on with `wallet operation resume`")
	}
	return nil
}

// abortAtBank asks the bank to abort, unless it has, or another wallet has the
// withdrawal: then it is not ours to abort.
func (w *Wallet) abortAtBank(ctx context.Context, reserve taler.Reserve, reason string) error {
	bank, err := w.bank(reserve.BankURL)
	if err != nil {
		return err
	}
	status, err := bank.Operation(ctx, reserve.WOPID, taler.LongPoll{})
	switch {
	case errors.Is(err, fault.NotFound):
		return nil
	case err != nil:
		return err
	case status.Status == taler.StateAborted, !status.MayBeOf(reserve.ReservePub):
		return nil
	}
	s, err := w.InitiateSession(ctx, comm.Peer{Role: comm.Bank, Addresses: []string{"taler+" + reserve.BankURL}}, controller.Login{})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close(ctx) }()
	if _, err := s.Negotiate(ctx, ClassWithdrawal, instrument.Invoice{}); err != nil {
		return err
	}
	_, err = s.Execute(ctx, controller.Transaction{
		Principal: w.user, Operation: taler.OperationAbort, Class: ClassWithdrawal, Args: taler.AbortArgs{WOPID: reserve.WOPID, Reason: reason},
	}, nil)
	switch fault.ReasonOf(err) {
	case taler.ReasonEndpointUnknown, taler.ReasonMethodInvalid: // it came with version 2 of the API
		return fault.Wrap(err, fault.Unsupported, "this bank lets no wallet abort").Because("abort-unsupported").
			WithHint("pay nothing for this withdrawal: it ends at the bank by itself, and `wallet operation resume` gives it up here then")
	case taler.ReasonAbortConfirmConflict:
		return fault.Wrap(err, fault.Conflict, "this withdrawal is paid, or the bank has been told so").Because(reasonNotAbandonable).
			WithHint("go on with `wallet operation resume`: it fetches the cash, or gives the withdrawal up if the bank finds nothing paid")
	}
	return err
}
