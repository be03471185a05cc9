package instrument

import (
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Invoice is the paper's inv (§5.0): what is bought, as name and value pairs.
// The vendor's terms and a price per class come back with the offers.
type Invoice map[string]string

// What an invoice holds at most. Each class that is offered signs one, and each
// payment sends and keeps one.
const (
	maxPairs     = 64
	maxPairBytes = 4 << 10 // of all names and values
)

// Check refuses an invoice that is too large for an offer (fault.Invalid).
func (i Invoice) Check() error {
	size := 0
	for name, value := range i {
		size += len(name) + len(value)
	}
	if len(i) > maxPairs || size > maxPairBytes {
		return fault.New(fault.Invalid, "an invoice has at most %d names, and %d bytes in all", maxPairs, maxPairBytes).Because("invoice-too-large")
	}
	return nil
}

// Terms are the vendor's conditions for paying an invoice with one class
// (paper §5.2): the price may differ by class.
type Terms struct {
	Price Amount `json:"price"`
	Text  string `json:"text,omitempty"` // for people: "2 % card surcharge"
}

// OfferBody is what a vendor's offer says: one line of instrument class
// negotiation (paper §5.2). The vendor signs its JSON with its identity key, and a
// payment signs the same bytes, so that a swapped price or class does not verify.
type OfferBody struct {
	ID         string    `json:"id"` // random: no two offers are the same bytes
	Class      ClassID   `json:"class"`
	Terms      Terms     `json:"terms"`
	Invoice    Invoice   `json:"invoice"`
	Transcript []byte    `json:"transcript"`      // of the session that it was made in
	Payer      string    `json:"payer,omitempty"` // the key of whom it was made to; nobody else pays under it
	Until      time.Time `json:"until"`
}
