package onetime

import (
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/masked"
)

// KeySize is the length of a card's key in bytes.
const KeySize = 32

// Key is the secret that a card shares with its provider. It prints as [secret]
// and is not marshalled; Bytes is for a place that seals it. Copies share the
// bytes, so Wipe reaches them all.
type Key struct {
	masked.Mask

	cell **[KeySize]byte
}

// NewKey takes a copy of KeySize bytes.
func NewKey(b []byte) (Key, error) {
	if len(b) != KeySize {
		return Key{}, fault.New(fault.Invalid, "a card's key has %d bytes, not %d", KeySize, len(b)).Because(ReasonCardMalformed)
	}
	p := (*[KeySize]byte)(append([]byte(nil), b...))
	return Key{cell: &p}, nil
}

// IsSet reports whether there is a key and it was not wiped.
func (k Key) IsSet() bool { return k.cell != nil && *k.cell != nil }

// Bytes is a copy of the secret, to be sealed and never to be shown; nil when
// there is none.
func (k Key) Bytes() []byte {
	if !k.IsSet() {
		return nil
	}
	return append([]byte(nil), (*k.cell)[:]...)
}

// Wipe overwrites the secret, here and in every copy of the value.
func (k Key) Wipe() {
	if k.IsSet() {
		clear((*k.cell)[:])
		*k.cell = nil
	}
}
