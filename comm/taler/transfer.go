package taler

import (
	"cmp"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// TransferState is where a transfer of the exchange stands: the public status of
// the bank's taler-transfer instance and the word of the wire.
type TransferState string

// The states. The last two are final.
const (
	TransferPending   TransferState = "pending"           // stored; being carried out
	TransferTransient TransferState = "transient_failure" // failed and is tried again
	TransferSuccess   TransferState = "success"           // carried out; it is in the outgoing history
	TransferPermanent TransferState = "permanent_failure" // will never be carried out
)

// ParseTransferState reads a state of the wire. The error is fault.Invalid with
// ReasonParameterMalformed.
func ParseTransferState(text string) (TransferState, error) {
	switch s := TransferState(text); s {
	case TransferPending, TransferTransient, TransferSuccess, TransferPermanent:
		return s, nil
	}
	return "", badParameter("status", "pending, transient_failure, permanent_failure or success")
}

// Final reports whether the state never changes again.
func (s TransferState) Final() bool { return s == TransferSuccess || s == TransferPermanent }

// Transfer is the bank's state of a taler-transfer instance: money that the
// exchange wires back to where it came from, which is a refund of the card
// payment. Times are unix seconds, 0 while not happened.
type Transfer struct {
	State    TransferState   `json:"state"`
	Exchange string          `json:"exchange,omitempty"` // whose it is; empty: the default one's
	Row      uint64          `json:"row"`                // what the exchange calls it; its number in the bank's topic of transfers
	Request  TransferRequest `json:"request"`
	Created  int64           `json:"created"`

	// What is refunded.
	WOPID                 WOPID  `json:"wopid"`
	Provider              string `json:"provider"` // the payment provider's name
	ProviderTransactionID string `json:"provider_transaction_id"`
	Name                  string `json:"name,omitempty"` // of the refund, for the provider; empty: the request_uid

	// What became of it.
	Attempts int             `json:"attempts,omitempty"` // that were reported
	Refused  int64           `json:"refused,omitempty"`  // when the provider refused it first
	Tried    int64           `json:"tried,omitempty"`    // when the last one was
	Message  string          `json:"message,omitempty"`  // why it stands where it stands, for people
	Refund   string          `json:"refund,omitempty"`   // what the provider calls it
	Proof    json.RawMessage `json:"proof,omitempty"`    // the provider's raw answer
	Ended    int64           `json:"ended,omitempty"`
}

// ExternalID names the refund for the provider, which gives the same name back once. Exchanges do not
// know each other's request_uid.
func (t Transfer) ExternalID() string { return cmp.Or(t.Name, t.Request.RequestUID.String()) }

// UnmarshalJSON tells a malformed account from a malformed document, as the
// API's table of errors does.
func (r *TransferRequest) UnmarshalJSON(document []byte) error {
	type plain TransferRequest
	in := struct {
		*plain
		CreditAccount string `json:"credit_account"`
	}{plain: (*plain)(r)}
	if err := decode(document, &in); err != nil {
		return err
	}
	err := r.CreditAccount.UnmarshalText([]byte(in.CreditAccount))
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "the credit_account is no bank account").Because(ReasonAccountMalformed)
	}
	return nil
}

// Same reports whether two requests ask for the same thing, however they spell
// it. Metadata is a remark and does not count.
func (r TransferRequest) Same(other TransferRequest) bool {
	return r.RequestUID == other.RequestUID && r.Amount == other.Amount && r.WTID == other.WTID &&
		r.ExchangeBaseURL == other.ExchangeBaseURL && r.CreditAccount.Equal(other.CreditAccount)
}

// Check refuses a request without its mandatory members, with a member that the
// exchange would not take back in a history, or in another currency.
func (r TransferRequest) Check(currency string) error {
	switch {
	case r.RequestUID == HashCode{}:
		return unset("request_uid")
	case r.Amount == Amount{}:
		return missing("amount")
	case r.ExchangeBaseURL == "":
		return missing("exchange_base_url")
	case r.WTID == ShortHash{}:
		return unset("wtid")
	case r.CreditAccount == "":
		return missing("credit_account")
	case !httpURL(r.ExchangeBaseURL):
		return fault.New(fault.Invalid, "exchange_base_url is no http address").Because(ReasonJSONInvalid)
	case !metadata(r.Metadata):
		return fault.New(fault.Invalid, "metadata is at most 40 letters, digits, hyphens, dots and colons").Because(ReasonJSONInvalid)
	}
	return checkCurrency(r.Amount, currency)
}

// maxExchangeURL bounds what is kept of a stranger's address.
const maxExchangeURL = 1024

// httpURL reports whether text is an address that exchanges read: of few characters
// (TALER_url_valid_charset). Brackets are not among them, so no real exchange is at an
// IPv6 address without a name; a sandbox may be.
func httpURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && len(text) <= maxExchangeURL && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") && isOf(text, "/:;&?-.,=_~%[]")
}

// metadata reports whether text is [a-zA-Z0-9-.:]{1,40}, or absent.
func metadata(text string) bool { return len(text) <= 40 && isOf(text, "-.:") }

// isOf reports whether text is of letters and digits, and of these signs.
func isOf(text, signs string) bool {
	for i := range len(text) {
		if c := text[i]; !alphanumeric(c) && strings.IndexByte(signs, c) < 0 {
			return false
		}
	}
	return true
}

// Response is what the exchange is told, the first time and ever after.
func (t Transfer) Response() TransferResponse { return TransferResponse{t.Row, Timestamp(t.Created)} }

// Listed is its row among the transfers.
func (t Transfer) Listed() TransferListStatus {
	return TransferListStatus{
		RowID: t.Row, Status: t.State, Amount: t.Request.Amount, CreditAccount: t.Request.CreditAccount, Timestamp: Timestamp(t.Created),
	}
}

// Status is everything that the exchange may know of it.
func (t Transfer) Status() TransferStatus {
	return TransferStatus{
		Status: t.State, StatusMsg: t.Message, Amount: t.Request.Amount, ExchangeBaseURL: t.Request.ExchangeBaseURL,
		Metadata: t.Request.Metadata, WTID: t.Request.WTID, CreditAccount: t.Request.CreditAccount, Timestamp: Timestamp(t.Created),
	}
}

// Carried is the outgoing history's row of a transfer that was carried out. It
// has no number yet; that comes with the commit.
func (t Transfer) Carried() (OutgoingTransaction, error) {
	row := OutgoingTransaction{
		RowID: 1, Date: Timestamp(t.Ended), Amount: t.Request.Amount, CreditAccount: t.Request.CreditAccount,
		WTID: t.Request.WTID, ExchangeBaseURL: t.Request.ExchangeBaseURL, Metadata: t.Request.Metadata,
	}
	err := CheckOutgoingRow(row)
	row.RowID = 0
	return row, err
}
