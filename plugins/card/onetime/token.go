package onetime

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/swaperoo/swaperoo/instrument"
)

// TokenPrefix begins every token, so that a provider tells one from the words
// and tokens of other kinds.
const TokenPrefix = "ota2."

// maxToken is longer than the longest token that Authorise makes.
const maxToken = 1024

// Token is the authorisation as one URL-safe word.
func (a Authorisation) Token() string {
	return TokenPrefix + base64.RawURLEncoding.EncodeToString(append(a.fields(), a.MAC[:]...))
}

// ParseToken reads what Token wrote, in its one spelling. It says nothing about
// the MAC. The error is fault.Invalid with ReasonAuthorisationMalformed.
func ParseToken(text string) (Authorisation, error) {
	body, found := strings.CutPrefix(text, TokenPrefix)
	if !found || len(text) > maxToken {
		return Authorisation{}, badAuthorisation("it does not begin with %s, or is too long", TokenPrefix)
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil {
		return Authorisation{}, badAuthorisation("it is not base64url")
	}
	r := reader{rest: data}
	a := Authorisation{Account: r.text(), Counter: r.number(), Merchant: r.text()}
	amount := r.text()
	a.Reference, a.Payer = r.text(), r.text()
	copy(a.MAC[:], r.take(sha256.Size))
	if r.short || len(r.rest) > 0 {
		return Authorisation{}, badAuthorisation("its lengths do not add up")
	}
	if a.Amount, err = instrument.ParseAmount(amount); err != nil {
		return Authorisation{}, badAuthorisation("its amount is none")
	}
	if err := a.check(); err != nil {
		return Authorisation{}, err
	}
	if a.Token() != text { // an amount of another spelling, line ends in the base64
		return Authorisation{}, badAuthorisation("it is not in its one spelling")
	}
	return a, nil
}

// reader takes fields off the front; after the first that is missing it gives
// nothing more.
type reader struct {
	rest  []byte
	short bool
}

func (r *reader) take(n int) []byte {
	if r.short || len(r.rest) < n {
		r.short = true
		return make([]byte, min(n, 8))
	}
	head := r.rest[:n]
	r.rest = r.rest[n:]
	return head
}

func (r *reader) text() string   { return string(r.take(int(binary.BigEndian.Uint16(r.take(2))))) }
func (r *reader) number() uint64 { return binary.BigEndian.Uint64(r.take(8)) }
