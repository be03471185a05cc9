package client

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
)

// Withdrawal is what a person wants of a scanned URI.
type Withdrawal struct {
	URI      taler.WithdrawURI
	Exchange string            // base URL that the person named; empty: one that is known
	Amount   instrument.Amount // where the bank lets the wallet choose
	Pay      *comm.Peer        // the terminal to pay natively; nil: somebody pays there
	Card     instrument.ID     // which card pays; empty: the only one
}

// Preview is what the person agrees to before anything is done.
type Preview struct {
	Bank     string             `json:"bank"`
	Exchange string             `json:"exchange"`
	Amount   instrument.Amount  `json:"amount"`
	CardFees instrument.Amount  `json:"card_fees"`
	Coins    int                `json:"coins"`
	Fees     instrument.Amount  `json:"fees"`            // of the exchange
	Terms    *taler.TermsResult `json:"terms,omitempty"` // that were not accepted yet
}

// Event is one step of a withdrawal, as scripts read it.
type Event struct {
	Event     string                 `json:"event"`
	Reserve   string                 `json:"reserve,omitempty"`
	Groups    string                 `json:"groups,omitempty"`
	Amount    *instrument.Amount     `json:"amount,omitempty"`
	Coins     int                    `json:"coins,omitempty"`
	Fees      *instrument.Amount     `json:"fees,omitempty"`
	Operation instrument.OperationID `json:"operation,omitempty"`
	Reason    string                 `json:"reason,omitempty"`
}

// Person is who withdraws.
type Person interface {
	// Show shows an event. It must not block for long.
	Show(e Event)
	// Agree shows the preview and asks whether to go on.
	Agree(ctx context.Context, p Preview) (bool, error)
}

// pollFor is how long one long poll waits.
const pollFor = 30 * time.Second

// Withdraw goes from a scanned URI to coins. It may be called again with the
// same URI at any time and goes on. A withdrawal that the bank aborted is
// fault.Declined; when ctx ends it stays pending, fault.Unknown.
func (w *Wallet) Withdraw(ctx context.Context, want Withdrawal, p Person) error {
	bank, err := w.bank(want.URI.BaseURL())
	if err != nil {
		return err
	}
	if _, err := bank.IntegrationConfig(ctx); err != nil {
		return err
	}
	status, err := bank.Operation(ctx, want.URI.WOPID, taler.LongPoll{})
	if err != nil {
		return err
	}
	run := &withdrawal{w: w, want: want, bank: bank, status: status, person: p}
	if err := run.prepare(ctx); err != nil {
		return err
	}
	return run.drive(ctx)
}

// withdrawal is one call of Withdraw.
type withdrawal struct {
	w      *Wallet
	want   Withdrawal
	bank   *taler.Client
	status taler.BankWithdrawalOperationStatus
	person Person

	exchange Exchange
	id       instrument.ID // of the reserve
	paid     bool
}

// prepare finds the reserve of an earlier call, or agrees with the person and
// makes one: stored before anybody hears of it.
func (r *withdrawal) prepare(ctx context.Context) error {
	key := r.want.URI.BaseURL() + r.want.URI.WOPID.Text()
	id, err := r.w.Instruments().Find(ctx, ClassReserve, "withdrawal", key)
	if err == nil {
		r.id = id
		return r.known(ctx)
	}
	if !errors.Is(err, fault.NotFound) {
		return err
	}
	if r.status.Status != taler.StatePending {
		return fault.New(fault.Conflict, "this withdrawal is %s already: another wallet has it, or it is over", r.status.Status).
			Because(taler.ReasonSelectionConflict).WithHint("ask for a new QR code")
	}
	if err := r.choose(ctx); err != nil {
		return err
	}
	amount, err := r.agree(ctx)
	if err != nil {
		return err
	}
	account := r.exchange.Account(r.status.WireTypes)
	if account == "" {
		return fault.New(fault.Unsupported, "the bank cannot pay to any account of %s", r.exchange.URL).Because("no-common-account")
	}
	var made taler.PrepareResult
	err = r.w.do(ctx, coins("PREPARE", taler.PrepareArgs{
		Exchange: r.exchange.ID, BankURL: r.want.URI.BaseURL(), WOPID: r.want.URI.WOPID, Amount: amount, Account: account,
	}), &made)
	r.id = made.Reserve
	return err
}

func (r *withdrawal) known(ctx context.Context) error {
	_, reserve, err := r.w.reserve(ctx, r.id)
	if err != nil {
		return err
	}
	r.exchange, err = r.w.Exchange(ctx, reserve.ExchangeURL)
	return err
}

// choose finds the exchange. One that the wallet does not know yet must have
// been named by the person, not by the bank.
func (r *withdrawal) choose(ctx context.Context) error {
	url := r.status.Exchange()
	if r.want.Exchange != "" {
		if url != "" && strings.TrimSuffix(url, "/") != strings.TrimSuffix(r.want.Exchange, "/") && r.status.RequiredExchange != "" {
			return fault.New(fault.Conflict, "the bank pays only to %s, not to %s", url, r.want.Exchange).Because("exchange-differs")
		}
		e, err := r.w.AddExchange(ctx, r.want.Exchange)
		r.exchange = e
		return err
	}
	e, err := r.w.Exchange(ctx, url)
	if errors.Is(err, fault.NotFound) {
		return fault.New(fault.Invalid, "this wallet does not know the exchange %s", url).Because("input-needed").
			WithHint("if you want to use it, name it: --exchange %s", url)
	}
	if err != nil {
		return err
	}
	r.exchange, err = r.w.fresh(ctx, e)
	return err
}

// agree shows the person what will happen.
func (r *withdrawal) agree(ctx context.Context) (instrument.Amount, error) {
	amount := r.status.Amount
	if amount == (instrument.Amount{}) {
		amount = r.want.Amount
	}
	if amount == (instrument.Amount{}) {
		amount = r.status.SuggestedAmount
	}
	if amount.IsZero() {
		return amount, fault.New(fault.Invalid, "the bank lets you choose the amount").Because("input-needed").WithHint("say how much: --amount %s:…", r.status.Currency)
	}
	var plan taler.PreviewResult
	if err := r.w.do(ctx, coins("PREVIEW", taler.PreviewArgs{Exchange: r.exchange.ID, Amount: amount}), &plan); err != nil {
		return amount, err
	}
	preview := Preview{
		Bank: r.want.URI.BaseURL(), Exchange: r.exchange.URL, Amount: amount, CardFees: r.status.CardFees, Coins: plan.Coins, Fees: plan.Fees,
	}
	terms, err := r.w.Terms(ctx, r.exchange)
	if err != nil {
		return amount, err
	}
	fresh := terms.Version != r.exchange.Terms.AcceptedVersion
	if fresh {
		preview.Terms = &terms
	}
	yes, err := r.person.Agree(ctx, preview)
	if err != nil {
		return amount, err
	}
	if !yes {
		return amount, fault.New(fault.Declined, "you did not agree").Because("not-agreed")
	}
	if fresh && terms.Version != "" {
		err = r.w.AcceptTerms(ctx, r.exchange, terms.Version)
	}
	return amount, err
}

// drive takes the reserve from where it is to coins.
func (r *withdrawal) drive(ctx context.Context) error {
	for {
		status, reserve, err := r.w.reserve(ctx, r.id)
		if err != nil {
			return err
		}
		switch status {
		case taler.ReserveCreated:
			err = r.register(ctx, reserve)
		case taler.ReserveSelected:
			err = r.fund(ctx, reserve)
		case taler.ReserveSent:
			err = r.makeCoins(ctx, instrument.Amount{})
		case taler.ReserveDone:
			fees := zeroIfAbsent(reserve.Fees, reserve.Amount)
			r.person.Show(Event{Event: "done", Amount: &reserve.Value, Coins: reserve.Coins, Fees: &fees, Operation: shortID(r.id)})
			return nil
		case taler.ReserveAborted:
			r.person.Show(Event{Event: "aborted", Reason: reserve.Reason})
			return fault.New(fault.Declined, "the withdrawal was aborted: %s", reserve.Reason).Because("withdrawal-aborted")
		default:
			return fault.New(fault.Stuck, "this withdrawal has failed and keeps its evidence: %s", reserve.Reason).Because("withdrawal-failed")
		}
		if err != nil {
			return err
		}
	}
}

// register has the bank bind our reserve to the withdrawal [2].
func (r *withdrawal) register(ctx context.Context, reserve taler.Reserve) error {
	s, err := r.w.InitiateSession(ctx, comm.Peer{Role: comm.Bank, Addresses: []string{"taler+" + r.want.URI.BaseURL()}}, controller.Login{})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close(ctx) }()
	if _, err := s.Negotiate(ctx, ClassWithdrawal, instrument.Invoice{}); err != nil {
		return err
	}
	args := taler.SelectArgs{WOPID: reserve.WOPID, ReservePub: reserve.ReservePub, SelectedExchange: reserve.Account}
	if r.status.Amount == (instrument.Amount{}) {
		args.Amount = reserve.Amount
	}
	_, err = s.Execute(ctx, controller.Transaction{
		Principal: r.w.user, Operation: taler.OperationSelect, Class: ClassWithdrawal, Instruments: []instrument.ID{r.id}, Args: args, Amount: reserve.Amount,
	}, nil)
	if errors.Is(err, fault.Conflict) {
		if gone := r.abandon(ctx, fault.From(err).Message); gone != nil {
			return gone
		}
		return err
	}
	if err == nil {
		r.person.Show(Event{Event: "selected", Reserve: reserve.ReservePub.String(), Groups: taler.KeyGroups(reserve.ReservePub)})
	}
	return err
}

// fund waits for the money: paid by us at the terminal or by somebody there,
// confirmed by the bank, arrived at the exchange.
func (r *withdrawal) fund(ctx context.Context, reserve taler.Reserve) error {
	if err := r.pay(ctx, reserve); err != nil {
		return err
	}
	if err := r.confirmed(ctx, reserve); err != nil {
		return err
	}
	balance, err := r.arrived(ctx)
	if err != nil {
		return err
	}
	return r.makeCoins(ctx, balance)
}

// confirmed waits for the bank's verdict [9]. Money is never waited for under a
// reserve that is not ours.
func (r *withdrawal) confirmed(ctx context.Context, reserve taler.Reserve) error {
	for pause := 200 * time.Millisecond; ; {
		status, err := r.bank.Operation(ctx, reserve.WOPID, taler.LongPoll{Timeout: pollFor, OldState: taler.StateSelected})
		switch {
		case ctx.Err() != nil:
			return pending(ctx.Err(), "the bank has not confirmed the payment yet")
		case errors.Is(err, fault.Unavailable), errors.Is(err, fault.Timeout), errors.Is(err, fault.Unknown):
			if err := sleep(ctx, pause); err != nil {
				return err
			}
			pause = min(2*pause, 10*time.Second)
			continue
		case err != nil:
			return err
		case status.Status == taler.StateConfirmed:
			return nil
		case status.Status == taler.StateAborted:
			return r.abandon(ctx, "the bank has aborted the withdrawal")
		case status.SelectedReservePub != reserve.ReservePub && !status.SelectedReservePub.IsZero():
			return r.abandon(ctx, "another wallet has the withdrawal")
		}
	}
}

// arrived waits until the exchange has credited the reserve [11].
func (r *withdrawal) arrived(ctx context.Context) (instrument.Amount, error) {
	for pause := 200 * time.Millisecond; ; pause = min(2*pause, 10*time.Second) {
		var got taler.AwaitResult
		err := r.w.do(ctx, coins("AWAIT", taler.AwaitArgs{TimeoutMS: pollFor.Milliseconds()}, r.id), &got)
		switch {
		case err == nil && got.Exists:
			return got.Balance, nil
		case ctx.Err() != nil:
			return instrument.Amount{}, pending(ctx.Err(), "the money has not arrived at the exchange yet")
		case err != nil && !errors.Is(err, fault.Unavailable) && !errors.Is(err, fault.Unknown) && !errors.Is(err, fault.Timeout):
			return instrument.Amount{}, err
		}
		if err := sleep(ctx, pause); err != nil {
			return instrument.Amount{}, err
		}
	}
}

func (r *withdrawal) makeCoins(ctx context.Context, balance instrument.Amount) error {
	return r.w.do(ctx, coins("WITHDRAW", taler.WithdrawArgs{Balance: balance}, r.id), nil)
}

func (r *withdrawal) abandon(ctx context.Context, reason string) error {
	return r.w.do(ctx, coins("ABANDON", taler.AbandonArgs{Reason: reason}, r.id), nil)
}

func pending(err error, what string) error {
	return fault.Wrap(err, fault.Unknown, "%s", what).Because("pending").WithHint("call `wallet withdraw` with the same URI again; it goes on")
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return pending(ctx.Err(), "the withdrawal is not finished yet")
	}
}

func zeroIfAbsent(a, like instrument.Amount) instrument.Amount {
	if a == (instrument.Amount{}) {
		return instrument.ZeroOf(like.Currency)
	}
	return a
}

// shortID is how a withdrawal is named in output: by its reserve instrument.
func shortID(id instrument.ID) instrument.OperationID {
	return instrument.OperationID(id[len(id)-12:])
}
