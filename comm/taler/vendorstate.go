package taler

import "encoding/json"

// TerminalWithdrawal is the vendor's state of a taler-withdrawal instance: one
// withdrawal as the terminal sees it, from the amount that was typed in to the
// receipt. Its status is one of the Terminal… words below.
type TerminalWithdrawal struct {
	RequestUID string `json:"request_uid"` // ours; the bank knows the withdrawal by it before there is a WOPID
	WOPID      WOPID  `json:"wopid,omitzero"`
	URI        string `json:"uri,omitempty"` // what the QR code says

	Currency string `json:"currency"`
	Amount   Amount `json:"amount,omitzero"` // what the wallet gets
	Fees     Amount `json:"fees,omitzero"`   // the bank's and the card's
	Total    Amount `json:"total,omitzero"`  // what the card is charged

	Exchange string           `json:"exchange,omitempty"` // base URL
	Terms    TermsAcceptance  `json:"terms,omitzero"`
	Progress TerminalProgress `json:"progress,omitzero"`

	ReservePub  EddsaPublicKey `json:"reserve_pub,omitzero"` // of the wallet that was first
	Transaction string         `json:"transaction,omitempty"`
	Reason      string         `json:"reason,omitempty"` // why it was aborted
}

// TerminalProgress is when a terminal's withdrawal reached its stages, in unix
// seconds; 0 while not reached.
type TerminalProgress struct {
	Created  int64 `json:"created,omitempty"`
	Notified int64 `json:"notified,omitempty"`
	Ended    int64 `json:"ended,omitempty"`
}

// TermsAcceptance records that a customer accepted an exchange's terms of
// service: which version, and when in unix seconds.
type TermsAcceptance struct {
	Version    string `json:"version,omitempty"`
	AcceptedAt int64  `json:"accepted_at,omitempty"`
}

// Statuses of a vendor's taler-withdrawal, in the order in which it passes them.
const (
	TerminalNew       = "new"       // stored here, the bank may know it or not
	TerminalPending   = "pending"   // has a WOPID; the QR code is shown
	TerminalSelected  = "selected"  // a wallet named its reserve
	TerminalPaid      = "paid"      // the card was charged; the bank does not know it yet
	TerminalNotified  = "notified"  // the bank has the notice
	TerminalConfirmed = "confirmed" // final: the provider told the bank the same
	TerminalAborted   = "aborted"   // final: no money moves
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
