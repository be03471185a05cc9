package taler

import (
	"encoding/json"
	"net/url"
	"strings"
	"unicode"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// IntegrationConfig is the answer to the wallet's GET /config.
type IntegrationConfig struct {
	Name                  string                 `json:"name"` // IntegrationName
	Version               Version                `json:"version"`
	Currency              string                 `json:"currency,omitempty"`
	CurrencySpecification *CurrencySpecification `json:"currency_specification,omitempty"`
	Implementation        string                 `json:"implementation,omitempty"`
}

// BankWithdrawalOperationStatus is what wallets and terminals see of a
// withdrawal operation. The three booleans are what wallets before 2023 read;
// they are always written, and a status that lacks Status is read from them.
type BankWithdrawalOperationStatus struct {
	Status             State          `json:"status"`
	Currency           string         `json:"currency,omitempty"`
	Amount             Amount         `json:"amount,omitzero"` // fixed or chosen; without fees
	SuggestedAmount    Amount         `json:"suggested_amount,omitzero"`
	MinAmount          Amount         `json:"min_amount,omitzero"`
	MaxAmount          Amount         `json:"max_amount,omitzero"`
	CardFees           Amount         `json:"card_fees,omitzero"`
	SenderWire         Payto          `json:"sender_wire,omitempty"`
	SuggestedExchange  string         `json:"suggested_exchange,omitempty"`
	RequiredExchange   string         `json:"required_exchange,omitempty"`
	ConfirmTransferURL string         `json:"confirm_transfer_url,omitempty"`
	WireTypes          []string       `json:"wire_types"`
	SelectedReservePub EddsaPublicKey `json:"selected_reserve_pub,omitzero"`
	SelectedExchange   Payto          `json:"selected_exchange_account,omitempty"`
	NoAmountToWallet   bool           `json:"no_amount_to_wallet,omitempty"`
	Aborted            bool           `json:"aborted"`
	SelectionDone      bool           `json:"selection_done"`
	TransferDone       bool           `json:"transfer_done"`
}

// Exchange is the base URL of the exchange that the bank requires, else suggests.
func (s BankWithdrawalOperationStatus) Exchange() string {
	if s.RequiredExchange != "" {
		return s.RequiredExchange
	}
	return s.SuggestedExchange
}

// MayBeOf reports whether the operation is the one that a wallet has selected for a
// reserve. Banks name the reserve since version 1 of the API; at one that names none
// the wallet's selection counts, to which the bank has agreed.
func (s BankWithdrawalOperationStatus) MayBeOf(reserve EddsaPublicKey) bool {
	return s.SelectedReservePub.IsZero() || s.SelectedReservePub == reserve
}

// maxPage is how long the address of a page may be that a person is to open.
const maxPage = 2048

// ConfirmAt is the page on which the person confirms the withdrawal, whole, for a part
// of an address leads elsewhere; empty when the bank names none, or what is no web
// address that can be shown as it is.
func (s BankWithdrawalOperationStatus) ConfirmAt() string {
	u, err := url.Parse(s.ConfirmTransferURL)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	page := u.String()
	if len(page) > maxPage || strings.ContainsFunc(page, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		return ""
	}
	return page
}

// UnmarshalJSON reads the documents of every version of the API. The two accounts are
// what the bank says of itself, in any spelling: libeufin's have no receiver-name,
// without which no exchange takes an account.
func (s *BankWithdrawalOperationStatus) UnmarshalJSON(data []byte) error {
	type plain BankWithdrawalOperationStatus
	var in struct {
		plain
		SenderWire       string `json:"sender_wire"`
		SelectedExchange string `json:"selected_exchange_account"`
	}
	if err := decode(data, &in); err != nil {
		return err
	}
	if in.Status == "" {
		in.Status = stateOfBooleans(in.Aborted, in.SelectionDone, in.TransferDone)
	}
	if in.WireTypes == nil {
		return missing("wire_types")
	}
	if in.Currency == "" {
		in.Currency = in.Amount.Currency
	}
	if in.Currency == "" {
		return missing("currency")
	}
	*s = BankWithdrawalOperationStatus(in.plain)
	s.SenderWire, s.SelectedExchange = Payto(in.SenderWire), Payto(in.SelectedExchange)
	return nil
}

func stateOfBooleans(aborted, selected, transferred bool) State {
	switch {
	case aborted:
		return StateAborted
	case transferred:
		return StateConfirmed
	case selected:
		return StateSelected
	}
	return StatePending
}

// BankWithdrawalOperationPostRequest is a wallet's selection.
type BankWithdrawalOperationPostRequest struct {
	ReservePub       EddsaPublicKey `json:"reserve_pub"`
	SelectedExchange Payto          `json:"selected_exchange"`
	Amount           Amount         `json:"amount,omitzero"`
}

// MarshalJSON leaves out an absent amount, but not an amount of nothing.
func (r BankWithdrawalOperationPostRequest) MarshalJSON() ([]byte, error) {
	type plain BankWithdrawalOperationPostRequest
	return json.Marshal(struct {
		plain
		Amount *Amount `json:"amount,omitempty"`
	}{plain(r), present(r.Amount)})
}

// UnmarshalJSON refuses an empty amount. The account needs no receiver-name, as at
// libeufin: it says which of the bank's exchanges is meant, and nothing is paid to it.
func (r *BankWithdrawalOperationPostRequest) UnmarshalJSON(document []byte) error {
	type plain BankWithdrawalOperationPostRequest
	if err := refuseEmptyAmount(document); err != nil {
		return err
	}
	var in struct {
		plain
		SelectedExchange string `json:"selected_exchange"`
	}
	if err := decode(document, &in); err != nil {
		return err
	}
	*r = BankWithdrawalOperationPostRequest(in.plain)
	if in.SelectedExchange == "" {
		return nil
	}
	account, err := parseNamed(in.SelectedExchange)
	r.SelectedExchange = account
	return err
}

// Check refuses a selection without its mandatory members or in another
// currency. A key of zeros is nobody's and is refused as missing.
func (r BankWithdrawalOperationPostRequest) Check(currency string) error {
	if r.ReservePub.IsZero() {
		return unset("reserve_pub")
	}
	if r.SelectedExchange == "" {
		return missing("selected_exchange")
	}
	return checkCurrency(r.Amount, currency)
}

// BankWithdrawalOperationPostResponse answers a selection. TransferDone is what
// wallets before 2023 read; it is always written.
type BankWithdrawalOperationPostResponse struct {
	Status             State  `json:"status"`
	TransferDone       bool   `json:"transfer_done"`
	ConfirmTransferURL string `json:"confirm_transfer_url,omitempty"`
}

// Selected is the answer for an operation that stands at a state. An operation
// that still is pending was not selected; answering so is a defect.
func Selected(at State) (BankWithdrawalOperationPostResponse, error) {
	if at == StatePending {
		return BankWithdrawalOperationPostResponse{}, fault.New(fault.Internal, "an operation without selection was answered as selected")
	}
	return BankWithdrawalOperationPostResponse{Status: at, TransferDone: at == StateConfirmed}, nil
}

// UnmarshalJSON reads the answers of every version of the API: either member may
// be missing, not both.
func (r *BankWithdrawalOperationPostResponse) UnmarshalJSON(data []byte) error {
	var in struct {
		Status             State  `json:"status"`
		TransferDone       *bool  `json:"transfer_done"`
		ConfirmTransferURL string `json:"confirm_transfer_url"`
	}
	if err := decode(data, &in); err != nil {
		return err
	}
	if in.Status == "" {
		if in.TransferDone == nil {
			return missing("status")
		}
		in.Status = stateOfBooleans(false, true, *in.TransferDone)
	}
	*r = BankWithdrawalOperationPostResponse{in.Status, in.Status == StateConfirmed, in.ConfirmTransferURL}
	return nil
}
