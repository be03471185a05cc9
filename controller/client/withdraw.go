package client

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// Withdrawal is what a person wants withdrawn from a scanned URI.
type Withdrawal struct {
	URI      taler.WithdrawURI
	Key      string            // the person's idempotency key; empty: the WOPID
	Exchange string            // base URL that the person named; empty: the bank's, if the wallet knows it
	Amount   instrument.Amount // if the bank lets the wallet choose
	Pay      *comm.Peer        // the terminal to pay natively; nil: somebody pays there
	Card     instrument.ID     // which card pays; empty: the only one
}

// Withdraw goes from a scanned URI to coins. Called again with the same URI, at any time,
// it goes on. A withdrawal that the bank has aborted is fault.Declined; when ctx ends the
// withdrawal stays pending, and the error is fault.Unknown.
func (w *Wallet) Withdraw(ctx context.Context, want Withdrawal, p Person) error {
	run, err := w.newRun(want, p)
	if err != nil {
		return err
	}
	i, err := w.Instruments().Lookup(ctx, ClassReserve, "withdrawal", want.URI.BaseURL()+want.URI.ID.Text())
	if run.id = i.ID; err != nil {
		if !errors.Is(err, fault.NotFound) {
			return err
		}
		if err := run.begin(ctx); err != nil {
			return err
		}
	}
	if err := run.sameAsBegun(ctx); err != nil {
		return err
	}
	return run.drive(ctx)
}

// sameAsBegun refuses another amount or exchange than the withdrawal was begun with.
func (r *withdrawal) sameAsBegun(ctx context.Context) error {
	i, reserve, err := r.w.reserve(ctx, r.id)
	switch {
	case err != nil:
		return err
	case r.want.Amount != (instrument.Amount{}) && r.want.Amount != reserve.Amount:
		return amountDiffers(reserve.Amount)
	case r.want.Exchange != "" && taler.ExchangeBase(r.want.Exchange) != taler.ExchangeBase(reserve.ExchangeURL):
		return fault.New(fault.Conflict, "this withdrawal was begun with the exchange %s", reserve.ExchangeURL).Because("exchange-differs").
			WithHint("leave --exchange out; for another one, `wallet withdraw abort %s` and %s", operationOf(i), newCode)
	}
	return nil
}

// newRun is a call of Withdraw, or of Pay for a withdrawal that was selected before.
func (w *Wallet) newRun(want Withdrawal, p Person) (*withdrawal, error) {
	bank, err := w.bank(want.URI.BaseURL())
	return &withdrawal{w: w, want: want, bank: bank, person: p}, err
}

// withdrawal is what one such call knows.
type withdrawal struct {
	w      *Wallet
	want   Withdrawal
	bank   *taler.Client
	status taler.BankWithdrawalOperationStatus // when it was begun
	person Person

	agrees   func(context.Context, Bill) (bool, error) // to its payment; nil: that was agreed to when it was begun
	exchange Exchange
	agreed   *taler.Agreed     // when it was begun
	fees     instrument.Amount // agreed to since, if any were
	id       instrument.ID     // of the reserve
	paid     string            // what is known of its payment over a session, for whoever waits; empty: that there was none, or nothing
	tries    int               // payments of it over a session that were begun, whatever became of them
	payee    string            // the merchant whom the first one was for
	payer    instrument.ID     // the card that the first one was by
	sure     bool              // the bank has confirmed it
	again    bool              // the bank was told again of a selection that it had forgotten
	waited   string            // what the person was told last that we wait for
}

// begin looks at the withdrawal, agrees with the person and makes a reserve:
// stored before anybody hears of it.
func (r *withdrawal) begin(ctx context.Context) error {
	op, err := r.w.operation(ctx, r.want)
	if err != nil {
		return err
	}
	if err := r.look(ctx); err != nil {
		return err
	}
	if err := r.chooseExchange(ctx); err != nil {
		return err
	}
	amount, err := r.agree(ctx)
	if err != nil {
		return err
	}
	if err := r.prepare(ctx, amount); err != nil {
		return err
	}
	return r.w.nameReserve(ctx, r.id, op)
}

// look asks the bank about the withdrawal, and refuses one that this wallet cannot have.
func (r *withdrawal) look(ctx context.Context) error {
	err := r.askPatiently(ctx, func() error {
		_, err := r.bank.IntegrationConfig(ctx)
		return err
	})
	if err != nil {
		return notFound(err, "there is no bank at the address in this code: copy the code whole, with small letters and capitals as they are, or ask for a new one")
	}
	err = r.askPatiently(ctx, func() (err error) {
		r.status, err = r.bank.Operation(ctx, r.want.URI.ID, taler.LongPoll{})
		return err
	})
	if err != nil {
		return notFound(err, "copy the code whole, or ask for a new QR code")
	}
	switch r.status.Status {
	case taler.StatePending:
		return nil
	case taler.StateAborted:
		return fault.New(fault.Conflict, "this withdrawal was aborted").Because(reasonAborted).WithHint(newCode)
	}
	return fault.New(fault.Conflict, "this withdrawal is %s already: another wallet has it", r.status.Status).
		Because(taler.ReasonSelectionConflict).WithHint(newCode)
}

// prepare makes the reserve. A zero amount means that the payment will say it.
func (r *withdrawal) prepare(ctx context.Context, amount instrument.Amount) error {
	account := r.exchange.Account(r.status.WireTypes, r.status.SenderWire)
	if account == "" {
		return fault.New(fault.Unsupported, "the bank cannot pay to any account of %s", r.exchange.URL).Because("no-common-account").
			WithHint("use another exchange: --exchange URL")
	}
	t := coins(taler.OperationPrepare, taler.PrepareArgs{
		Exchange: r.exchange.ID, BankURL: r.want.URI.BaseURL(), WOPID: r.want.URI.ID, Amount: amount, Open: amount.IsZero(), Account: account, Agreed: r.agreed,
	})
	t.Amount = amount // for the principal's limits: what is above them never begins
	if amount.IsZero() && r.status.MaxAmount != (instrument.Amount{}) {
		t.Amount = r.status.MaxAmount
	}
	var made taler.PrepareResult
	if err := r.w.do(ctx, t, &made); err != nil {
		return err
	}
	r.id = made.Reserve
	return nil
}

// notFound says what to do about a QR code that leads to no withdrawal: if it was cut off
// or written in capitals, it names another bank or another withdrawal.
func notFound(err error, hint string) error {
	if f := fault.From(err); f.Kind == fault.NotFound {
		return f.WithHint("%s", hint)
	}
	return err
}

// newCode is what helps where a code is of no use to this wallet any more.
const newCode = "ask for a new QR code"

// reasonAborted marks a withdrawal that has ended without cash.
const reasonAborted fault.Reason = "withdrawal-aborted"

// drive takes the reserve from where it is to coins. An error says how to go on.
func (r *withdrawal) drive(ctx context.Context) error { return r.onward(ctx, r.steps(ctx)) }

func (r *withdrawal) steps(ctx context.Context) error {
	for {
		i, reserve, err := r.w.reserve(ctx, r.id)
		if err != nil {
			return err
		}
		switch i.Status {
		case taler.ReserveCreated:
			err = r.makeKnown(ctx, reserve)
		case taler.ReserveSelected:
			err = r.fund(ctx, reserve)
		case taler.ReserveSent, taler.ReserveFailed:
			err = r.makeCoins(ctx, instrument.Amount{})
		case taler.ReserveDone:
			fees := zeroIfAbsent(reserve.Fees, reserve.Amount)
			r.person.Show(Event{
				Event: "done", Amount: &reserve.Value, Coins: reserve.Coins, Fees: &fees, Remainder: present(reserve.Remainder), Surplus: present(reserve.Surplus),
				Operation: operationOf(i),
			})
			return nil
		case taler.ReserveAborted:
			if came := r.cameAfterAll(ctx); !came.IsZero() || reserve.Batch != nil {
				err = r.makeCoins(ctx, came)
				break
			}
			r.person.Show(Event{Event: "aborted", Reason: reserve.Reason})
			over := fault.New(fault.Declined, "the withdrawal was aborted: %s", reserve.Reason).Because(reasonAborted)
			if reserve.BankURL != "" {
				over = over.WithHint("%s", newCode)
			}
			return ended{over}
		default:
			return fault.New(fault.Internal, "this withdrawal is %q, which this software does not know", i.Status)
		}
		if err != nil {
			return err
		}
	}
}

// cameAfterAll is what has arrived at the exchange for a reserve that was given up. A
// transfer that was under way still arrives, and the reserve's key is kept for it. If the
// exchange does not answer, it is nothing.
func (r *withdrawal) cameAfterAll(ctx context.Context) instrument.Amount {
	var got taler.AwaitResult
	if err := r.w.do(ctx, coins(taler.OperationAwait, taler.AwaitArgs{}, r.id), &got); err != nil || !got.Exists {
		return instrument.Amount{}
	}
	return got.Balance
}

func zeroIfAbsent(a, like instrument.Amount) instrument.Amount {
	if a == (instrument.Amount{}) {
		return instrument.ZeroOf(like.Currency)
	}
	return a
}

// present is nil for nothing.
func present(a instrument.Amount) *instrument.Amount {
	if a.IsZero() {
		return nil
	}
	return &a
}
