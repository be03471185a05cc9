package crypto

import (
	"io"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/masked"
)

// Secret is bytes that no print, log or encoding shows: a data key, a
// passphrase. Copies share the bytes, so Wipe reaches them all. The zero Secret
// is empty.
type Secret struct {
	masked.Mask

	cell **[]byte
}

// NewSecret takes a copy of b; the caller may wipe its own.
func NewSecret(b []byte) Secret {
	own := append([]byte(nil), b...)
	p := &own
	return Secret{cell: &p}
}

// RandomSecret draws n bytes.
func RandomSecret(random io.Reader, n int) (Secret, error) {
	b := make([]byte, n)
	defer clear(b)
	if _, err := io.ReadFull(random, b); err != nil {
		return Secret{}, fault.Wrap(err, fault.Internal, "no random bytes can be drawn")
	}
	return NewSecret(b), nil
}

// Bytes is a copy in clear; the caller wipes it.
func (s Secret) Bytes() []byte { return append([]byte(nil), s.reveal()...) }

// Len is the number of bytes; zero after Wipe.
func (s Secret) Len() int { return len(s.reveal()) }

// Wipe overwrites the bytes, here and in every copy of the value. It must not
// run while another goroutine uses the secret.
func (s Secret) Wipe() {
	if s.cell != nil {
		clear(**s.cell)
		**s.cell = nil
	}
}

// reveal is the memory itself, for use inside this package.
func (s Secret) reveal() []byte {
	if s.cell == nil {
		return nil
	}
	return **s.cell
}
