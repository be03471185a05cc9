package provider

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// State is where a payment stands.
type State string

// The states. Paid and failed are final.
const (
	Pending State = "pending"
	Paid    State = "paid"
	Failed  State = "failed"
)

// Reasons for which a request is refused.
const (
	ReasonMalformed      fault.Reason = "malformed"
	ReasonTokenUnknown   fault.Reason = "token-unknown"
	ReasonPaymentUnknown fault.Reason = "payment-unknown"
	ReasonNotPending     fault.Reason = "not-pending"
	ReasonNotPaid        fault.Reason = "not-paid"
	ReasonRefundReused   fault.Reason = "external-id-reused"
	ReasonRefundTooLarge fault.Reason = "refund-too-large"
)

// Why a payment is failed.
const (
	WhyDeclined  = "declined"
	WhySettled   = "settled" // somebody decided so by settle
	WhyCard      = "card-unknown"
	WhyMAC       = "authorisation-invalid"
	WhyUsed      = "authorisation-used"
	WhyPaid      = "reference-paid" // this merchant was paid for this reference: by this card, or by any if the order names it
	WhyAmount    = "amount-differs"
	WhyReference = "reference-differs"
	WhyMerchant  = "merchant-differs"
)

// Payment is one payment as GET shows it.
type Payment struct {
	ID        string            `json:"id"`
	State     State             `json:"state"`
	Reason    string            `json:"reason,omitempty"` // of a failed one
	Amount    instrument.Amount `json:"amount"`
	Refunded  instrument.Amount `json:"refunded"` // how much of Amount went back
	Reference string            `json:"reference"`
	Merchant  string            `json:"merchant,omitempty"`
	Card      *CardShown        `json:"card,omitempty"` // of a wallet's card
	Created   time.Time         `json:"created"`
	Space     int64             `json:"space,omitempty"` // in which wallee's service shows it
	Stage     string            `json:"stage,omitempty"` // wallee's word, if it says more than State
}

// returned is what went back of it, if anything did.
func (x Payment) returned() *instrument.Amount {
	if x.Refunded.IsZero() {
		return nil
	}
	return &x.Refunded
}

// CardShown is what a provider shows of a card.
type CardShown struct {
	Brand string `json:"brand"`
	Last4 string `json:"last4"`
}

// Order is what POST /payments asks for.
type Order struct {
	Amount    instrument.Amount
	Reference string // 1 to 256 bytes
	Token     string
	Merchant  string // may be empty; else it is paid once for a reference, and an authorisation must be for it
	Key       string // Idempotency-Key; may be empty
	Space     int64  // 0, or the space in which wallee's service shows the payment, which then has a number for an id
}

const maxText = 256

func (o Order) check() error {
	switch {
	case o.Amount.Currency == "" || o.Amount.IsZero():
		return malformed("the amount is missing or nothing")
	case o.Reference == "" || len(o.Reference) > maxText:
		return malformed("the reference is not 1 to %d bytes", maxText)
	case o.Token == "":
		return malformed("the token is missing")
	case len(o.Merchant) > maxText:
		return malformed("the merchant is longer than %d bytes", maxText)
	case o.Space < 0:
		return malformed("the space is less than 0")
	case len(o.Key) > maxText:
		return malformed("the Idempotency-Key is longer than %d bytes", maxText)
	}
	return nil
}

// digest is a hash by which orders are compared, so that no token is kept.
func (o Order) digest() ([]byte, error) {
	said := []string{o.Amount.String(), o.Reference, o.Token, o.Merchant}
	if o.Space != 0 {
		said = append(said, strconv.FormatInt(o.Space, 10))
	}
	text, err := json.Marshal(said)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	return sum[:], nil
}

// newID is unguessable.
func (p *Provider) newID(prefix string) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(p.o.Random, b[:]); err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	return prefix + hex.EncodeToString(b[:]), nil
}

func malformed(format string, args ...any) error {
	return fault.New(fault.Invalid, format, args...).Because(ReasonMalformed)
}
