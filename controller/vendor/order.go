package vendor

import (
	"context"
	"slices"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// Order is the cash that a customer wants.
type Order struct {
	RequestUID string // idempotency key of the SETUP
	Amount     instrument.Amount
	Exchange   string // one of the bank's, by its name or its base URL; empty: the default one
	Card       string // what the terminal's own reader reads; empty: a native peer pays
}

// setUp has the bank make a WOPID and works out what the card is charged. What a
// customer has accepted stays as it is, whatever the bank says by now.
func (t *Terminal) setUp(ctx context.Context, o Order) (Withdrawal, error) {
	bank, exchange, err := t.dealsIn(ctx, o)
	if err != nil {
		return Withdrawal{}, err
	}
	own, err := terminalFees(bank, o.Amount)
	if err != nil {
		return Withdrawal{}, err
	}
	request := taler.TerminalWithdrawalSetup{RequestUID: o.RequestUID, Amount: o.Amount, TerminalFees: own, Exchange: exchange}
	if err := t.ask(ctx, taler.OperationSetUp, request, nil); err != nil {
		return t.cameToNothing(ctx, o, err)
	}
	w, err := t.FindByRequest(ctx, o.RequestUID)
	if err == nil && w.AwaitsCustomer() {
		err = t.quote(ctx, &w, bank)
	}
	return w, err
}

// cameToNothing is the withdrawal of an order that was given before and was aborted: whoever
// gives it again is told that end, and not only refused. One that the bank had refused, and
// another order under its name, stay refused.
func (t *Terminal) cameToNothing(ctx context.Context, o Order, refusal error) (Withdrawal, error) {
	if fault.ReasonOf(refusal) != taler.ReasonUpdateAbortConflict {
		return Withdrawal{}, refusal
	}
	w, err := t.FindByRequest(ctx, o.RequestUID)
	if err != nil || w.Status != taler.TerminalAborted || w.URI == "" || w.Amount != o.Amount {
		return Withdrawal{}, refusal
	}
	return w, nil
}

// quoted is a withdrawal on record with what it costs: a process may have ended
// between the bank's making it and saying that.
func (t *Terminal) quoted(ctx context.Context, id taler.WOPID) (Withdrawal, error) {
	w, err := t.Find(ctx, id)
	if err != nil || w.URI != "" || w.Over() {
		return w, err
	}
	bank, err := t.BankConfig(ctx)
	if err == nil {
		err = t.quote(ctx, &w, bank)
	}
	return w, err
}

// quote puts on record what the customer is asked to accept. A bank that does not
// answer is asked again.
func (t *Terminal) quote(ctx context.Context, w *Withdrawal, bank taler.TerminalConfig) error {
	status, err := t.answer(ctx, w, taler.LongPoll{}, nil, func(taler.State) bool { return true })
	if err != nil {
		return err
	}
	uri, err := taler.NewWithdrawURI(t.cfg.Integration, w.WOPID.ID())
	if err != nil {
		return err
	}
	own, err := terminalFees(bank, w.Amount)
	if err != nil {
		return err
	}
	fees, err := feesOf(status, bank, own)
	if err != nil {
		return err
	}
	total, err := w.Amount.Add(fees)
	if err != nil {
		return err
	}
	err = t.change(ctx, w, taler.TerminalPending, func(r *taler.TerminalWithdrawal) {
		if r.Terms.AcceptedAt == 0 { // else it was accepted in another process
			r.URI, r.Fees, r.Total, r.Exchange = uri.Text(), fees, total, status.Exchange()
		}
	})
	if err != nil {
		return err
	}
	if differs := agreed(w, status); differs != nil {
		return t.Abort(ctx, w, fault.From(differs).Message)
	}
	return nil
}

// CheckOrder asks the bank whether it deals in what is wanted, and keeps
// nothing: what is refused here has never begun. fault.Invalid for another
// currency, fault.NotFound for an exchange that is not one of its own.
func (t *Terminal) CheckOrder(ctx context.Context, o Order) error {
	_, _, err := t.dealsIn(ctx, o)
	return err
}

// dealsIn is what the bank says of itself, and the name of the exchange that is wanted, if it
// deals in both.
func (t *Terminal) dealsIn(ctx context.Context, o Order) (bank taler.TerminalConfig, exchange string, err error) {
	if bank, err = t.BankConfig(ctx); err != nil {
		return bank, "", err
	}
	if o.Amount.Currency != bank.Currency {
		return bank, "", fault.New(fault.Invalid, "the bank deals in %s and not in %s", bank.Currency, o.Amount.Currency).Because(taler.ReasonCurrencyMismatch).
			WithHint("say how much in %s", bank.Currency)
	}
	exchange, err = ChosenExchange(o.Exchange, bank.Exchanges)
	return bank, exchange, err
}

// ChosenExchange is the name under which a bank knows the exchange that somebody has chosen, by that
// name or by its base URL, in any spelling. choices are those that a bank of several lets terminals
// choose from. No name is the first of them, or of a bank that lists none the one that it has: whether
// that is at the address is for the caller to see.
func ChosenExchange(by string, choices []taler.ExchangeChoice) (name string, err error) {
	if !strings.Contains(by, "://") {
		if by != "" && by != taler.DefaultExchange && !slices.ContainsFunc(choices, func(x taler.ExchangeChoice) bool { return x.Name == by }) {
			return "", NoSuchExchange(by, choices)
		}
		return by, nil
	}
	for n, x := range choices {
		switch {
		case taler.ExchangeBase(x.URL) != taler.ExchangeBase(by):
		case n == 0:
			return "", nil
		default:
			return x.Name, nil
		}
	}
	if len(choices) > 0 {
		return "", NoSuchExchange(by, choices)
	}
	return "", nil
}

// NoSuchExchange is the fault of a name that none of a bank's exchanges has; choices are those
// that a bank of several lets terminals choose from.
func NoSuchExchange(name string, choices []taler.ExchangeChoice) error {
	f := fault.New(fault.NotFound, "the bank has no exchange %q", name).Because(taler.ReasonExchangeUnknown)
	if len(choices) < 2 {
		return f.WithHint("leave the exchange out: the bank has one")
	}
	names := make([]string, len(choices))
	for n, c := range choices {
		names[n] = c.Name
	}
	return f.WithHint("name one of %s; without a name it is the first of them", strings.Join(names, ", "))
}

// feesOf is what the card is charged on top. Banks need not say it of each withdrawal:
// then it is the flat fee that they take for every one, which is the terminal's to add,
// and what this terminal takes.
func feesOf(status taler.BankWithdrawalOperationStatus, bank taler.TerminalConfig, own instrument.Amount) (instrument.Amount, error) {
	if status.CardFees != (instrument.Amount{}) {
		return status.CardFees, nil
	}
	fees := instrument.ZeroOf(bank.Currency)
	for _, part := range []instrument.Amount{bank.WithdrawalFees, own} {
		if part == (instrument.Amount{}) {
			continue
		}
		var err error
		if fees, err = fees.Add(part); err != nil {
			return fees, err
		}
	}
	return fees, nil
}

// terminalFees is what this terminal takes of an amount, as the bank's operator has
// agreed with its owner; the zero Amount if nothing was.
func terminalFees(bank taler.TerminalConfig, of instrument.Amount) (instrument.Amount, error) {
	if bank.Till == nil {
		return instrument.Amount{}, nil
	}
	return bank.Till.Due(of)
}
