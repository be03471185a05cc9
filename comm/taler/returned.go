package taler

import "encoding/json"

// Return is the bank's state of a taler-return instance: money of a card payment
// that bought nothing, or more than was due, which goes back to the card. No
// exchange has had it, so none hears of it. Its states are those of a transfer.
// Times are unix seconds, 0 while not happened.
type Return struct {
	State                 TransferState `json:"state"`
	WOPID                 WOPID         `json:"wopid"`
	Provider              string        `json:"provider"`
	ProviderTransactionID string        `json:"provider_transaction_id"`
	Amount                Amount        `json:"amount"`
	Reason                string        `json:"reason"` // why it is given back
	Created               int64         `json:"created"`

	// What became of it.
	Refused int64           `json:"refused,omitempty"` // when the provider refused it first
	Message string          `json:"message,omitempty"` // why it stands where it stands, for people
	Refund  string          `json:"refund,omitempty"`  // what the provider calls it
	Proof   json.RawMessage `json:"proof,omitempty"`   // the provider's raw answer
	Ended   int64           `json:"ended,omitempty"`
}

// ExternalID names the refund for the provider: the same payment is given back
// once.
func (r Return) ExternalID() string {
	return "return/" + r.WOPID.Text() + "/" + r.ProviderTransactionID
}
