package taler

import (
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// TerminalConfig is the answer to the terminal's GET /config. It differs per
// provider, which the credentials name.
type TerminalConfig struct {
	Name           string  `json:"name"` // TerminalName
	Version        Version `json:"version"`
	ProviderName   string  `json:"provider_name"`
	Currency       string  `json:"currency"`
	WithdrawalFees Amount  `json:"withdrawal_fees"` // flat, zero when free; the terminal charges it on top
	WireType       string  `json:"wire_type"`       // payto kind, such as "wallee-transaction"
	Implementation string  `json:"implementation,omitempty"`

	// Members of our own: the exchanges that there are to choose from, the default
	// one first, where there are several; and what a terminal takes that is marked
	// for it, else nil.
	Exchanges []ExchangeChoice `json:"exchanges,omitempty"`
	Till      *TillFees        `json:"terminal_fees,omitempty"`
}

// DefaultExchange is what a bank calls its first exchange, also where it is the only
// one and there is nothing to choose from.
const DefaultExchange = "exchange"

// ExchangeChoice is an exchange whose cash a bank sells.
type ExchangeChoice struct {
	Name string `json:"name"` // for TerminalWithdrawalSetup, and of further ones the first segment of their paths
	URL  string `json:"url"`
}

// TerminalWithdrawalSetup asks for a new withdrawal operation. RequestUID is the
// terminal's nonce: the same one with the same content gives the same operation.
type TerminalWithdrawalSetup struct {
	RequestUID            string `json:"request_uid"`
	Amount                Amount `json:"amount,omitzero"`           // fixed
	SuggestedAmount       Amount `json:"suggested_amount,omitzero"` // the wallet may choose another
	ProviderTransactionID string `json:"provider_transaction_id,omitempty"`
	TerminalFees          Amount `json:"terminal_fees,omitzero"`
	UserUUID              string `json:"user_uuid,omitempty"`
	Lock                  string `json:"lock,omitempty"`
	// Exchange is a member of our own: which of the bank's exchanges it is from.
	// Other tills say it by the path.
	Exchange string `json:"exchange,omitempty"`
}

// MarshalJSON leaves out amounts that are absent, but not amounts of nothing: a
// request for CHF:0 must not arrive as one for any amount.
func (r TerminalWithdrawalSetup) MarshalJSON() ([]byte, error) {
	type plain TerminalWithdrawalSetup
	return json.Marshal(struct {
		plain
		Amount          *Amount `json:"amount,omitempty"`
		SuggestedAmount *Amount `json:"suggested_amount,omitempty"`
		TerminalFees    *Amount `json:"terminal_fees,omitempty"`
	}{plain(r), present(r.Amount), present(r.SuggestedAmount), present(r.TerminalFees)})
}

// UnmarshalJSON refuses an empty amount.
func (r *TerminalWithdrawalSetup) UnmarshalJSON(document []byte) error {
	type plain TerminalWithdrawalSetup
	if err := refuseEmptyAmount(document); err != nil {
		return err
	}
	return decode(document, (*plain)(r))
}

// Check refuses a request without its mandatory member, with a name that cannot be
// one, with amounts of another currency, or with an amount of nothing.
func (r TerminalWithdrawalSetup) Check(currency string) error {
	if r.RequestUID == "" {
		return missing("request_uid")
	}
	if r.Lock != "" && r.UserUUID == "" {
		return missing("user_uuid")
	}
	err := checkNames(named{"request_uid", r.RequestUID}, named{"provider_transaction_id", r.ProviderTransactionID},
		named{"user_uuid", r.UserUUID}, named{"lock", r.Lock}, named{"exchange", r.Exchange})
	if err != nil {
		return err
	}
	for _, a := range []Amount{r.Amount, r.SuggestedAmount, r.TerminalFees} {
		if err := checkCurrency(a, currency); err != nil {
			return err
		}
	}
	for _, a := range []Amount{r.Amount, r.SuggestedAmount} {
		if a != (Amount{}) && a.IsZero() {
			return fault.New(fault.Conflict, "a withdrawal of %s is nothing", a).Because(ReasonAmountOutOfRange)
		}
	}
	return nil
}

// TerminalWithdrawalSetupResponse names the new operation.
type TerminalWithdrawalSetupResponse struct {
	WithdrawalID WOPID `json:"withdrawal_id"`
}

// TerminalWithdrawalConfirmationRequest is the terminal's notice that the payment
// was made; the bank asks the provider itself before it believes it.
type TerminalWithdrawalConfirmationRequest struct {
	ProviderTransactionID string `json:"provider_transaction_id"`
	TerminalFees          Amount `json:"terminal_fees,omitzero"`
	UserUUID              string `json:"user_uuid,omitempty"`
	Lock                  string `json:"lock,omitempty"`
}

// Check refuses a notice without its mandatory member, with a name that cannot be
// one, or in another currency.
func (r TerminalWithdrawalConfirmationRequest) Check(currency string) error {
	if r.ProviderTransactionID == "" {
		return missing("provider_transaction_id")
	}
	err := checkNames(named{"provider_transaction_id", r.ProviderTransactionID}, named{"user_uuid", r.UserUUID}, named{"lock", r.Lock})
	if err != nil {
		return err
	}
	return checkCurrency(r.TerminalFees, currency)
}

// checkCurrency accepts an absent amount.
func checkCurrency(a Amount, currency string) error {
	if a == (Amount{}) || a.Currency == currency {
		return nil
	}
	return fault.New(fault.Invalid, "%s is not in %s, the currency here", a, currency).Because(ReasonCurrencyMismatch)
}
