package onetime

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Authorisation allows one merchant to take one amount for one reference from a
// card's account, once, from one payer. Its parts are public; the MAC binds them to the
// card's key.
type Authorisation struct {
	Account   string            // the card's account at its provider
	Counter   uint64            // of the card, above zero and never used again
	Merchant  string            // who may take the money; 1 to 256 bytes
	Amount    instrument.Amount // more than zero
	Reference string            // what it pays for; 1 to 256 bytes
	Payer     string            // the key of the wallet, as the vendor meets it; 1 to 64 bytes
	MAC       [sha256.Size]byte // HMAC-SHA256 by the card's key over all of the above
}

// Authorise makes an authorisation. The caller has stored that this counter is
// used before the result leaves the wallet, for the provider takes a counter
// once. The error is fault.Invalid: a card or a part that is missing or too long.
func Authorise(card Card, counter uint64, merchant string, amount instrument.Amount, reference, payer string) (Authorisation, error) {
	if err := card.Check(); err != nil {
		return Authorisation{}, err
	}
	a := Authorisation{Account: card.Account, Counter: counter, Merchant: merchant, Amount: amount, Reference: reference, Payer: payer}
	if err := a.check(); err != nil {
		return Authorisation{}, err
	}
	a.MAC = a.mac(card.Key)
	return a, nil
}

// Verify reports whether the holder of key made the authorisation and nobody
// changed it. It takes the same time wherever a MAC differs. Whether the counter
// is new is the provider's to know.
func (a Authorisation) Verify(key Key) bool {
	if !key.IsSet() || a.check() != nil {
		return false
	}
	want := a.mac(key)
	return hmac.Equal(want[:], a.MAC[:])
}

func (a Authorisation) check() error {
	switch {
	case !isText(a.Account, maxAccount):
		return badAuthorisation("its account is not 1 to %d characters", maxAccount)
	case a.Counter == 0:
		return badAuthorisation("its counter is 0")
	case !isText(a.Merchant, maxMerchant):
		return badAuthorisation("its merchant is not 1 to %d characters", maxMerchant)
	case !isText(a.Reference, maxReference):
		return badAuthorisation("its reference is not 1 to %d characters", maxReference)
	case !isText(a.Payer, maxPayer):
		return badAuthorisation("its payer is not 1 to %d characters", maxPayer)
	case a.Amount.IsZero():
		return badAuthorisation("its amount is nothing")
	}
	if canonical, err := instrument.ParseAmount(a.Amount.String()); err != nil || canonical != a.Amount {
		return badAuthorisation("its amount is none")
	}
	return nil
}

// domain keeps a MAC of this package from being one of anything else under the
// same key.
const domain = "swaperoo one-time card authorisation, version 2"

func (a Authorisation) mac(key Key) (out [sha256.Size]byte) {
	k := key.Bytes()
	defer clear(k)
	h := hmac.New(sha256.New, k)
	h.Write(appendText(nil, domain))
	h.Write(a.fields())
	h.Sum(out[:0])
	return out
}

// fields is the encoding under the MAC and in the token: each text behind its
// length, so that no two authorisations have the same bytes.
func (a Authorisation) fields() []byte {
	b := appendText(nil, a.Account)
	b = binary.BigEndian.AppendUint64(b, a.Counter)
	b = appendText(b, a.Merchant)
	b = appendText(b, a.Amount.String())
	b = appendText(b, a.Reference)
	return appendText(b, a.Payer)
}

func appendText(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

func badAuthorisation(format string, args ...any) error {
	return fault.New(fault.Invalid, "this is not a one-time authorisation of a card: "+format, args...).Because(ReasonAuthorisationMalformed)
}
