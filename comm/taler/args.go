package taler

import (
	"encoding/json"

	"github.com/swaperoo/swaperoo/instrument/plain"
)

// SetupArgs are the arguments of taler.withdraw SETUP as the bank's controller
// hands them to the servicer: the terminal's request and what the bank knows of
// the terminal. The request alone is what crosses the wire.
type SetupArgs struct {
	Request         TerminalWithdrawalSetup `json:"request"`
	Terminal        string                  `json:"terminal"` // principal; scopes RequestUID
	Provider        string                  `json:"provider"`
	Currency        string                  `json:"currency"`
	WithdrawalFees  Amount                  `json:"withdrawal_fees,omitzero"`
	Exchange        string                  `json:"exchange,omitempty"` // as in Withdrawal
	ExchangeURL     string                  `json:"exchange_url"`
	ExchangeAccount Payto                   `json:"exchange_account"`
	MinAmount       Amount                  `json:"min_amount,omitzero"` // absent: no bound
	MaxAmount       Amount                  `json:"max_amount,omitzero"`
	Till            *TillFees               `json:"till,omitempty"`  // the least that this terminal takes; nil: nothing
	Quota           *QuotaRule              `json:"quota,omitempty"` // of each user; nil: nobody is limited
}

// SelectArgs are the arguments of taler.withdraw SELECT. The members after
// Amount are the bank controller's, which overwrites whatever a peer sent.
type SelectArgs struct {
	WOPID            WithdrawalID   `json:"wopid"`
	ReservePub       EddsaPublicKey `json:"reserve_pub"`
	SelectedExchange Payto          `json:"selected_exchange"`
	Amount           Amount         `json:"amount,omitzero"`

	MinAmount        Amount `json:"min_amount,omitzero"` // absent: no bound
	MaxAmount        Amount `json:"max_amount,omitzero"`
	NoAmountToWallet bool   `json:"no_amount_to_wallet,omitempty"`
}

// MarshalJSON leaves out an absent amount, but not an amount of nothing: it must
// be refused, not taken for the fixed one.
func (a SelectArgs) MarshalJSON() ([]byte, error) {
	type plain SelectArgs
	return json.Marshal(struct {
		plain
		Amount *Amount `json:"amount,omitempty"`
	}{plain(a), present(a.Amount)})
}

// Request is the selection as it crosses the REST wire.
func (a SelectArgs) Request() BankWithdrawalOperationPostRequest {
	return BankWithdrawalOperationPostRequest{ReservePub: a.ReservePub, SelectedExchange: a.SelectedExchange, Amount: a.Amount}
}

// ConfirmArgs are the arguments of taler.withdraw CONFIRM: the terminal's notice
// that the card was charged.
type ConfirmArgs struct {
	WOPID                 WOPID  `json:"wopid"`
	ProviderTransactionID string `json:"provider_transaction_id"`
	TerminalFees          Amount `json:"terminal_fees,omitzero"`
}

// Request is the notice as it crosses the REST wire.
func (a ConfirmArgs) Request() TerminalWithdrawalConfirmationRequest {
	return TerminalWithdrawalConfirmationRequest{ProviderTransactionID: a.ProviderTransactionID, TerminalFees: a.TerminalFees}
}

// AbortArgs are the arguments of taler.withdraw ABORT. Reason is for the record
// of the side that reads it.
type AbortArgs struct {
	WOPID  WithdrawalID `json:"wopid"`
	Reason string       `json:"reason,omitempty"`
}

// The arguments of operations at the bank go from its controller to the plugin as JSON. They are read and written as
// the state of a withdrawal is, see there.

// ReadJSON implements instrument.JSONReader. What a till's fees and quotas are it leaves to others.
func (a *SetupArgs) ReadJSON(text []byte) bool {
	return plain.Read(text, a, a.member)
}

func (a *SetupArgs) member(name string, c *plain.Cursor) bool {
	switch name {
	case "request":
		return c.Object(a.Request.member)
	case "terminal":
		return c.String(&a.Terminal)
	case "provider":
		return c.String(&a.Provider)
	case "currency":
		return c.String(&a.Currency)
	case "withdrawal_fees":
		return c.Amount(&a.WithdrawalFees)
	case "exchange":
		return c.String(&a.Exchange)
	case "exchange_url":
		return c.String(&a.ExchangeURL)
	case "exchange_account":
		return c.Text(a.ExchangeAccount.UnmarshalText)
	case "min_amount":
		return c.Amount(&a.MinAmount)
	case "max_amount":
		return c.Amount(&a.MaxAmount)
	}
	return false
}

// member reads one of a terminal's request, an amount only if it is one: see UnmarshalJSON.
func (r *TerminalWithdrawalSetup) member(name string, c *plain.Cursor) bool {
	switch name {
	case "request_uid":
		return c.String(&r.RequestUID)
	case "amount":
		return c.Amount(&r.Amount) && r.Amount != Amount{}
	case "suggested_amount":
		return c.Amount(&r.SuggestedAmount) && r.SuggestedAmount != Amount{}
	case "provider_transaction_id":
		return c.String(&r.ProviderTransactionID)
	case "terminal_fees":
		return c.Amount(&r.TerminalFees)
	case "user_uuid":
		return c.String(&r.UserUUID)
	case "lock":
		return c.String(&r.Lock)
	case "exchange":
		return c.String(&r.Exchange)
	}
	return false
}

// AppendJSON implements instrument.JSONWriter.
func (a SetupArgs) AppendJSON(out []byte) ([]byte, bool) {
	if a.Till != nil || a.Quota != nil {
		return out, false
	}
	w := plain.Begin(out, 512)
	w.Name("request")
	a.Request.append(&w)
	w.String("terminal", a.Terminal)
	w.String("provider", a.Provider)
	w.String("currency", a.Currency)
	w.SomeAmount("withdrawal_fees", a.WithdrawalFees)
	w.SomeString("exchange", a.Exchange)
	w.String("exchange_url", a.ExchangeURL)
	w.String("exchange_account", string(a.ExchangeAccount))
	w.SomeAmount("min_amount", a.MinAmount)
	w.SomeAmount("max_amount", a.MaxAmount)
	return w.End()
}

func (r *TerminalWithdrawalSetup) append(w *plain.Writer) {
	w.Bracket('{')
	w.String("request_uid", r.RequestUID)
	w.SomeString("provider_transaction_id", r.ProviderTransactionID)
	w.SomeString("user_uuid", r.UserUUID)
	w.SomeString("lock", r.Lock)
	w.SomeString("exchange", r.Exchange)
	w.PresentAmount("amount", r.Amount)
	w.PresentAmount("suggested_amount", r.SuggestedAmount)
	w.PresentAmount("terminal_fees", r.TerminalFees)
	w.Bracket('}')
}

// ReadJSON implements instrument.JSONReader.
func (a *SelectArgs) ReadJSON(text []byte) bool {
	return plain.Read(text, a, a.member)
}

func (a *SelectArgs) member(name string, c *plain.Cursor) bool {
	switch name {
	case "wopid":
		return c.Text(a.WOPID.UnmarshalText)
	case "reserve_pub":
		return c.Text(a.ReservePub.UnmarshalText)
	case "selected_exchange":
		return c.Text(a.SelectedExchange.UnmarshalText)
	case "amount":
		return c.Amount(&a.Amount)
	case "min_amount":
		return c.Amount(&a.MinAmount)
	case "max_amount":
		return c.Amount(&a.MaxAmount)
	}
	return false
}

// AppendJSON implements instrument.JSONWriter.
func (a SelectArgs) AppendJSON(out []byte) ([]byte, bool) {
	if a.NoAmountToWallet {
		return out, false
	}
	w := plain.Begin(out, 512)
	w.String("wopid", a.WOPID.text)
	key(&w, "reserve_pub", a.ReservePub[:])
	w.String("selected_exchange", string(a.SelectedExchange))
	w.SomeAmount("min_amount", a.MinAmount)
	w.SomeAmount("max_amount", a.MaxAmount)
	w.PresentAmount("amount", a.Amount)
	return w.End()
}

// ReadJSON implements instrument.JSONReader.
func (a *ConfirmArgs) ReadJSON(text []byte) bool {
	return plain.Read(text, a, a.member)
}

func (a *ConfirmArgs) member(name string, c *plain.Cursor) bool {
	switch name {
	case "wopid":
		return c.Text(a.WOPID.UnmarshalText)
	case "provider_transaction_id":
		return c.String(&a.ProviderTransactionID)
	case "terminal_fees":
		return c.Amount(&a.TerminalFees)
	}
	return false
}

// AppendJSON implements instrument.JSONWriter.
func (a ConfirmArgs) AppendJSON(out []byte) ([]byte, bool) {
	w := plain.Begin(out, 512)
	key(&w, "wopid", a.WOPID[:])
	w.String("provider_transaction_id", a.ProviderTransactionID)
	w.SomeAmount("terminal_fees", a.TerminalFees)
	return w.End()
}
