package taler

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// The values that documents are made of, under one roof with the documents.
type (
	Amount         = instrument.Amount
	EddsaPublicKey = taler.EddsaPublicKey
	EddsaSignature = taler.EddsaSignature
	HashCode       = taler.HashCode
	ShortHash      = taler.ShortHash
	Timestamp      = taler.Timestamp
	RelativeTime   = taler.RelativeTime
)

// Never is the timestamp of what does not happen.
const Never = taler.Never

// TimeOf is a time of a record in Unix seconds; nothing has happened at 0.
func TimeOf(unix int64) time.Time {
	if unix == 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0).UTC()
}

// Blob is bytes of any length, in JSON base32: a public key of RSA, a blinded
// planchet, a blind signature. Empty bytes are left out of documents.
type Blob []byte

// MarshalText writes base32.
func (b Blob) MarshalText() ([]byte, error) { return []byte(taler.Encode(b)), nil }

// UnmarshalText reads any spelling of base32.
func (b *Blob) UnmarshalText(text []byte) error {
	data, err := taler.Decode(string(text))
	if err != nil {
		return err
	}
	*b = data
	return nil
}

// present is nil for an absent amount, which has no currency. (Amount.IsZero, and
// with it omitzero, is true of CHF:0 as well.)
func present(a Amount) *Amount {
	if a == (Amount{}) {
		return nil
	}
	return &a
}

// refuseEmptyAmount refuses a request with an amount of no text. Read as an
// absent one it would let the wallet choose what the terminal wanted fixed; beside a
// suggested amount it means that. Other members of no text are absent: there are tills
// that send all of them.
func refuseEmptyAmount(document []byte) error {
	if !bytes.Contains(document, []byte(`""`)) { // there is no text that is empty, and nearly never is
		return nil
	}
	var texts struct {
		Amount          *string `json:"amount"`
		SuggestedAmount string  `json:"suggested_amount"`
	}
	if decode(document, &texts) != nil {
		return nil // who reads the whole of it says better what is wrong
	}
	if texts.Amount == nil || *texts.Amount != "" || texts.SuggestedAmount != "" {
		return nil
	}
	_, err := instrument.ParseAmount("")
	return err
}

// members are the members of a JSON object by their exact names, for readers
// that must be as strict as the real ones.
type members map[string]json.RawMessage

// missing is the refusal of a document that lacks a mandatory member.
func missing(name string) error {
	return fault.New(fault.Invalid, "the member %q is missing", name).Because(ReasonJSONInvalid)
}

// unset is missing of a key or hash: nothing but zeros is nobody's, and stands for none.
func unset(name string) error {
	return fault.New(fault.Invalid, "the member %q is missing, or nothing but zeros", name).Because(ReasonJSONInvalid)
}
