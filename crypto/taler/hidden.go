package taler

import (
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/masked"
)

// hidden is what the secret types share: 32 bytes that no print, log or encoding shows. Copies share
// the bytes, so Wipe reaches them all.
type hidden struct {
	masked.Mask

	cell **[secretSize]byte
}

const secretSize = 32

func hide(b [secretSize]byte) hidden {
	p := &b
	return hidden{cell: &p}
}

func hideExactly(b []byte, what string) (hidden, error) {
	if len(b) != secretSize {
		return hidden{}, fault.New(fault.Invalid, "%s has %d bytes, not %d", what, secretSize, len(b)).Because("secret-malformed")
	}
	return hide([secretSize]byte(b)), nil
}

// reveal is the secret for use inside this package. There is none after Wipe,
// and going on with zeros would sign and blind with what everybody knows.
func (h hidden) reveal() []byte {
	if !h.IsSet() {
		panic("taler: a secret is used that was never set, or was wiped")
	}
	return (*h.cell)[:]
}

// Bytes is a copy of the secret: to be sealed, never to be shown. It panics
// when the secret was never set or was wiped.
func (h hidden) Bytes() []byte { return append([]byte(nil), h.reveal()...) }

// IsSet reports whether there is a secret and it was not wiped.
func (h hidden) IsSet() bool { return h.cell != nil && *h.cell != nil }

// Wipe overwrites the secret, here and in every copy of the value.
func (h hidden) Wipe() {
	if h.IsSet() {
		clear((*h.cell)[:])
		*h.cell = nil
	}
}
