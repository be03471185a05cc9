package wallee

import (
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
)

// The calls, below the base URL. Each wants spaceId in its query; the reads want
// id as well.
const (
	PathRead       = "transaction/read"
	PathSearch     = "transaction/search"
	PathRefund     = "refund/refund"
	PathRefundRead = "refund/read"
)

// State is where a transaction stands.
type State string

// The states of a transaction.
const (
	Create     State = "CREATE"
	Pending    State = "PENDING"
	Confirmed  State = "CONFIRMED"
	Processing State = "PROCESSING"
	Failed     State = "FAILED" // final, no money
	Authorized State = "AUTHORIZED"
	Voided     State = "VOIDED" // final, no money
	Completed  State = "COMPLETED"
	Fulfill    State = "FULFILL" // final, goods may be delivered
	Decline    State = "DECLINE" // final, captured but must not be delivered
)

// Finality is what a state means for somebody who waits for money.
type Finality int

// The finalities. Of a state that is not known nothing is known.
const (
	Unknown  Finality = iota
	Running           // it may still go either way; reserved or captured money included
	Good              // the money is there and the goods may go
	Bad               // there is no money
	Withheld          // the money is there and the goods must not go
)

// Finality of a state: only what is strictly final is Good, so that the provider
// carries the risk and not who delivers.
func (s State) Finality() Finality {
	switch s {
	case Create, Pending, Confirmed, Processing, Authorized, Completed:
		return Running
	case Fulfill:
		return Good
	case Failed, Voided:
		return Bad
	case Decline:
		return Withheld
	}
	return Unknown
}

// Transaction is what is read of one. Amounts are in major units of Currency.
type Transaction struct {
	ID                  int64       `json:"id"`
	State               State       `json:"state"`
	MerchantReference   string      `json:"merchantReference"`
	Currency            string      `json:"currency"`
	AuthorizationAmount json.Number `json:"authorizationAmount,omitempty"`
	CompletedAmount     json.Number `json:"completedAmount,omitempty"`
	RefundedAmount      json.Number `json:"refundedAmount,omitempty"`
	LinkedSpaceID       int64       `json:"linkedSpaceId"`
}

// EntityQuery is the body of a search.
type EntityQuery struct {
	Filter           Filter `json:"filter"`
	StartingEntity   int    `json:"startingEntity"`
	NumberOfEntities int    `json:"numberOfEntities"`
}

// Filter compares one member with one value.
type Filter struct {
	Type      string `json:"type"`      // LEAF
	FieldName string `json:"fieldName"` // merchantReference
	Operator  string `json:"operator"`  // EQUALS
	Value     string `json:"value"`
}

// ByReference is the search for the transactions of a merchant reference.
func ByReference(reference string, from, most int) EntityQuery {
	return EntityQuery{
		Filter:         Filter{Type: "LEAF", FieldName: "merchantReference", Operator: "EQUALS", Value: reference},
		StartingEntity: from, NumberOfEntities: most,
	}
}

// MaxExternalID is how many characters the ExternalID of a refund may have.
const MaxExternalID = 100

// ExternalID is the name under which the service knows a refund: ours, or the hash of
// one that is too long for it, such as the request_uid of an exchange's transfer.
func ExternalID(name string) string {
	if len(name) <= MaxExternalID {
		return name
	}
	sum := sha512.Sum512_256([]byte(name))
	return hex.EncodeToString(sum[:])
}

// RefundCreate is the body of a refund. A second one with the same ExternalID
// refunds nothing and is answered with the first.
type RefundCreate struct {
	ExternalID  string      `json:"externalId"`
	Type        string      `json:"type"`
	Transaction int64       `json:"transaction"`
	Amount      json.Number `json:"amount"`
}

// MerchantInitiatedOnline is the type of a refund that the merchant orders from
// the provider.
const MerchantInitiatedOnline = "MERCHANT_INITIATED_ONLINE"

// RefundState is where a refund stands.
type RefundState string

// The states of a refund.
const (
	RefundCreated     RefundState = "CREATE"
	RefundScheduled   RefundState = "SCHEDULED"
	RefundPending     RefundState = "PENDING"
	RefundManualCheck RefundState = "MANUAL_CHECK"
	RefundFailed      RefundState = "FAILED"     // final, nothing went back
	RefundSuccessful  RefundState = "SUCCESSFUL" // final
)

// Finality of a state of a refund.
func (s RefundState) Finality() Finality {
	switch s {
	case RefundCreated, RefundScheduled, RefundPending, RefundManualCheck:
		return Running
	case RefundSuccessful:
		return Good
	case RefundFailed:
		return Bad
	}
	return Unknown
}

// RefundEntity is what is read of a refund.
type RefundEntity struct {
	ID          int64         `json:"id"`
	State       RefundState   `json:"state"`
	ExternalID  string        `json:"externalId"`
	Amount      json.Number   `json:"amount"`
	Transaction TransactionID `json:"transaction,omitzero"`
}

// TransactionID is the number of a transaction, which an entity says by itself or in
// all of the transaction; 0 if it does not say it.
type TransactionID int64

// UnmarshalJSON implements json.Unmarshaler. What is neither says nothing.
func (t *TransactionID) UnmarshalJSON(text []byte) error {
	var all struct {
		ID int64 `json:"id"`
	}
	if json.Unmarshal(text, &all.ID) != nil {
		_ = json.Unmarshal(text, &all)
	}
	*t = TransactionID(all.ID)
	return nil
}

// Statuses of the service besides those of HTTP.
const (
	StatusClientError = 442 // the request is not one that can be done
	StatusServerError = 542
)

// Problem is the body of such an answer.
type Problem struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Message string `json:"message"`
	Date    string `json:"date"`
	Default string `json:"defaultMessage"`
}
