package protocol

import (
	"encoding/json"

	"github.com/swaperoo/swaperoo/instrument"
)

// Facts are what a payment provider says of a payment, as VERIFY returns them.
// They decide nothing: the bank compares them with the withdrawal.
type Facts struct {
	State       string            `json:"state"` // pending, paid, failed, withheld
	Amount      instrument.Amount `json:"amount"`
	Refunded    instrument.Amount `json:"refunded,omitzero"`
	Reference   string            `json:"reference"`
	Transaction string            `json:"transaction"`
	Space       int64             `json:"space,omitempty"` // which of the merchant's accounts, at a provider where one may have several
	Raw         json.RawMessage   `json:"raw,omitempty"`   // the provider's own words, kept as proof
}

// States of Facts.
const (
	FactPending = "pending" // not final: ask again
	FactPaid    = "paid"    // final and good
	FactFailed  = "failed"  // final, no money
	// FactWithheld is final as well: the money was taken, and nothing may be
	// delivered for it.
	FactWithheld = "withheld"
)

// Found are the facts of the payments with one reference, as SEARCH returns them.
type Found struct {
	Payments []Facts `json:"payments"`
	More     bool    `json:"more,omitempty"` // there may be more than there was room for
}

// Repaid is what a payment provider says of money that it was told to give back,
// as REFUND returns it. State is one of those of Facts: with FactPaid the money is
// back for good, with FactFailed it will not come back.
type Repaid struct {
	State      string            `json:"state"`
	Amount     instrument.Amount `json:"amount"`
	ExternalID string            `json:"external_id"` // our name for it; under one name money is given back once
	ID         string            `json:"id"`          // the provider's name for it
	Raw        json.RawMessage   `json:"raw,omitempty"`
}
