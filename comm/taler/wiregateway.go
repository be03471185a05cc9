package taler

// WireConfig is the answer to the exchange's GET /config.
type WireConfig struct {
	Name                string  `json:"name"` // WireGatewayName
	Version             Version `json:"version"`
	Currency            string  `json:"currency"`
	Implementation      string  `json:"implementation,omitempty"`
	SupportAccountCheck bool    `json:"support_account_check,omitempty"`
}

// Types of a row in the incoming history.
const (
	TypeReserve = "RESERVE" // fills a reserve; what a confirmed withdrawal becomes
	TypeKYCAuth = "KYCAUTH" // proves who owns an account
	TypeWAD     = "WAD"     // from exchange to exchange
)

// IncomingHistory is a page of the money that came in for the exchange. A page
// without rows is not sent: the answer then is 204.
type IncomingHistory struct {
	CreditAccount        Payto                 `json:"credit_account"` // the exchange's, in full
	IncomingTransactions []IncomingTransaction `json:"incoming_transactions"`
}

// IncomingTransaction is one row. RowID counts from 1 in the order in which rows
// became visible and is never reused. DebitAccount is where a refund goes.
type IncomingTransaction struct {
	Type         string    `json:"type"`
	RowID        uint64    `json:"row_id"`
	Date         Timestamp `json:"date"`
	Amount       Amount    `json:"amount"`
	CreditFee    Amount    `json:"credit_fee,omitzero"`
	DebitAccount Payto     `json:"debit_account"`

	ReservePub        EddsaPublicKey `json:"reserve_pub,omitzero"`          // RESERVE
	AccountPub        EddsaPublicKey `json:"account_pub,omitzero"`          // KYCAUTH
	OriginExchangeURL string         `json:"origin_exchange_url,omitempty"` // WAD
	WADID             string         `json:"wad_id,omitempty"`              // WAD
}

// TransferRequest asks the bank to pay money out of the exchange's account; here
// it is how a refund arrives.
type TransferRequest struct {
	RequestUID      HashCode  `json:"request_uid"`
	Amount          Amount    `json:"amount"`
	ExchangeBaseURL string    `json:"exchange_base_url"`
	WTID            ShortHash `json:"wtid"`
	CreditAccount   Payto     `json:"credit_account"`
	Metadata        string    `json:"metadata,omitempty"`
}

// TransferResponse says that the request is stored. The same request gets the
// same answer for ever.
type TransferResponse struct {
	RowID     uint64    `json:"row_id"`
	Timestamp Timestamp `json:"timestamp"`
}

// TransferList is a page of what the exchange has wired. A page without rows is
// not sent: the answer then is 204.
type TransferList struct {
	DebitAccount Payto                `json:"debit_account"` // the exchange's, in full
	Transfers    []TransferListStatus `json:"transfers"`
}

// TransferListStatus is one row; RowID is the number that /transfer has answered.
type TransferListStatus struct {
	RowID         uint64        `json:"row_id"`
	Status        TransferState `json:"status"`
	Amount        Amount        `json:"amount"`
	CreditAccount Payto         `json:"credit_account"`
	Timestamp     Timestamp     `json:"timestamp"`
}

// TransferStatus says what became of one transfer.
type TransferStatus struct {
	Status          TransferState `json:"status"`
	StatusMsg       string        `json:"status_msg,omitempty"`
	Amount          Amount        `json:"amount"`
	ExchangeBaseURL string        `json:"exchange_base_url"`
	Metadata        string        `json:"metadata,omitempty"`
	WTID            ShortHash     `json:"wtid"`
	CreditAccount   Payto         `json:"credit_account"`
	Timestamp       Timestamp     `json:"timestamp"`
}

// OutgoingHistory is a page of the transfers that were carried out. A page
// without rows is not sent.
type OutgoingHistory struct {
	DebitAccount         Payto                 `json:"debit_account"` // the exchange's, in full
	OutgoingTransactions []OutgoingTransaction `json:"outgoing_transactions"`
}

// OutgoingTransaction is one row. RowID counts from 1 in the order in which
// transfers were carried out; it is another number than /transfer's, for refunds
// end in another order than they were asked for.
type OutgoingTransaction struct {
	RowID           uint64    `json:"row_id"`
	Date            Timestamp `json:"date"`
	Amount          Amount    `json:"amount"`
	DebitFee        Amount    `json:"debit_fee,omitzero"`
	CreditAccount   Payto     `json:"credit_account"`
	WTID            ShortHash `json:"wtid"`
	ExchangeBaseURL string    `json:"exchange_base_url"`
	Metadata        string    `json:"metadata,omitempty"`
}

// AddIncomingRequest credits the exchange as if somebody had paid: for tests.
type AddIncomingRequest struct {
	Amount       Amount         `json:"amount"`
	ReservePub   EddsaPublicKey `json:"reserve_pub"`
	DebitAccount Payto          `json:"debit_account"`
}

// Check refuses a request without its mandatory members or in another currency.
func (r AddIncomingRequest) Check(currency string) error {
	return checkCredit(r.Amount, currency, r.ReservePub, "reserve_pub", r.DebitAccount)
}

// AddKYCAuthRequest proves who owns an account as if its owner had: for tests.
type AddKYCAuthRequest struct {
	Amount       Amount         `json:"amount"`
	AccountPub   EddsaPublicKey `json:"account_pub"`
	DebitAccount Payto          `json:"debit_account"`
}

// Check refuses a request without its mandatory members or in another currency.
func (r AddKYCAuthRequest) Check(currency string) error {
	return checkCredit(r.Amount, currency, r.AccountPub, "account_pub", r.DebitAccount)
}

func checkCredit(a Amount, currency string, key EddsaPublicKey, name string, debit Payto) error {
	switch {
	case a == Amount{}:
		return missing("amount")
	case key.IsZero():
		return unset(name)
	case debit == "":
		return missing("debit_account")
	}
	return checkCurrency(a, currency)
}

// AddIncomingResponse names the row of the incoming history.
type AddIncomingResponse struct {
	RowID     uint64    `json:"row_id"`
	Timestamp Timestamp `json:"timestamp"`
}

// AccountInfo says of an account that it exists, and so far nothing else.
type AccountInfo struct{}
