package onetime

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Reasons of this package's faults.
const (
	ReasonCardMalformed          fault.Reason = "card-malformed"
	ReasonAuthorisationMalformed fault.Reason = "authorisation-malformed"
)

// Card is what a wallet knows of a card: its account at the provider, what a
// person recognises it by, and the key.
type Card struct {
	Account string // at the provider; 1 to 64 characters
	Brand   string // such as "Sandbox Card"; 1 to 32 characters
	Last4   string // four digits, for people only
	Key     Key
}

// cardFile is the form of a test card's file, which a wallet keeps as the state of its
// instrument. There is no member for a card number.
type cardFile struct {
	Account string `json:"account"`
	Brand   string `json:"brand"`
	Last4   string `json:"last4"`
	Key     string `json:"key"` // base64url
}

// File is the card as a test-card file: JSON with the key in it. Write it with
// mode 0600.
func (c Card) File() ([]byte, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	key := c.Key.Bytes()
	defer clear(key)
	text, err := json.MarshalIndent(cardFile{c.Account, c.Brand, c.Last4, base64.RawURLEncoding.EncodeToString(key)}, "", "  ")
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "the card's file cannot be written")
	}
	return append(text, '\n'), nil
}

// Check refuses a card with a missing or impossible part. The error is
// fault.Invalid with ReasonCardMalformed.
func (c Card) Check() error {
	switch {
	case !isText(c.Account, maxAccount) || strings.ContainsRune(c.Account, ' '):
		return badCard("its account is not 1 to %d characters without blanks", maxAccount)
	case !isText(c.Brand, maxBrand):
		return badCard("its brand is not 1 to %d characters", maxBrand)
	case !isLast4(c.Last4):
		return badCard("its last4 is not four digits")
	case !c.Key.IsSet():
		return badCard("it has no key")
	}
	return nil
}

// Limits of texts, in bytes.
const (
	maxAccount   = 64
	maxBrand     = 32
	maxMerchant  = 256
	maxReference = 256
	maxPayer     = 64
)

// isText accepts 1 to limit bytes of printable text.
func isText(s string, limit int) bool {
	if s == "" || len(s) > limit || !utf8.ValidString(s) {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

func isLast4(s string) bool {
	if len(s) != 4 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func badCard(format string, args ...any) error {
	return fault.New(fault.Invalid, "this is not a test card: "+format, args...).Because(ReasonCardMalformed).
		WithHint("make one with: swaperoo provider card add")
}
