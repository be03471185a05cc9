package vendor

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// What begins the reference of each kind of card payment. That of a withdrawal is
// its WOPID, which has no colon.
const (
	partPrefix     = "payment:"
	purchasePrefix = "purchase:"
	topUpPrefix    = "prepaid:"
)

// partReference names the card payment of one part of one payer's payment. Names
// are the payer's: each goes in with its length, or two parts could have one
// reference, and one charge pay for both.
func partReference(payer, payment, part string) string {
	h := sha256.New()
	for _, field := range []string{payer, payment, part} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(field)))
		h.Write(n[:])
		h.Write([]byte(field))
	}
	return partPrefix + hex.EncodeToString(h.Sum(nil))
}

// purchaseReference names the card payment of one purchase.
func (t *Terminal) purchaseReference() (string, error) {
	id, err := t.NewOperationID()
	return purchasePrefix + string(id), err
}

// topUpReference names a card payment into a prepaid account. The account is a
// public key, without a colon; the label is its holder's, one for each payment.
func topUpReference(account, label string) string { return topUpPrefix + account + ":" + label }

// topUp is a card payment into an account, read from its reference.
func topUp(reference string) (account string, ok bool) {
	rest, ok := strings.CutPrefix(reference, topUpPrefix)
	account, _, found := strings.Cut(rest, ":")
	return account, ok && found
}

// comesBack reports whether a card payment is given back by REFUND: what was paid
// for a withdrawal or into an account comes back in other ways.
func comesBack(reference string) bool {
	return strings.HasPrefix(reference, partPrefix) || strings.HasPrefix(reference, purchasePrefix)
}
