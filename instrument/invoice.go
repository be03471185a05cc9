package instrument

import "time"

// Invoice is the paper's inv (§5.0): what is bought, as name and value pairs.
// The vendor's terms and a price per class come back with the offers.
type Invoice map[string]string

// Terms are the vendor's conditions for paying an invoice with one class
// (paper §5.2): the price may differ by class.
type Terms struct {
	Price Amount `json:"price"`
	Text  string `json:"text,omitempty"` // for people: "2 % card surcharge"
}

// Offer is one signed line of instrument class negotiation: the class, its
// terms and until when they hold. The vendor signs the bytes of Body with its
// identity key; a payment signs the digest of the same bytes, so that a swapped
// price or class does not verify.
type Offer struct {
	Body      []byte `json:"body"` // JSON of OfferBody, exactly as signed
	Signature []byte `json:"signature"`
}

// OfferBody is what an Offer says.
type OfferBody struct {
	ID         string    `json:"id"` // random; one offer is paid once
	Class      ClassID   `json:"class"`
	Terms      Terms     `json:"terms"`
	Invoice    Invoice   `json:"invoice"`
	Transcript []byte    `json:"transcript"` // what the session negotiated so far
	Until      time.Time `json:"until"`
}
