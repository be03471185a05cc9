package crypto

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Secret is bytes that no print, log or encoding shows: a data key, a
// passphrase. Copies share the bytes, so Wipe reaches them all. The zero Secret
// is empty.
type Secret struct {
	// Two pointers: fmt prints unexported fields of a foreign struct by reflection,
	// without calling methods, and follows one pointer where the verb does not fit.
	cell **[]byte
}

const masked = "[secret]"

// NewSecret takes a copy of b; the caller may wipe its own.
func NewSecret(b []byte) Secret {
	own := append([]byte(nil), b...)
	p := &own
	return Secret{&p}
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

// String hides the secret.
func (s Secret) String() string { return masked }

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return masked }

// Format hides the secret from every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, masked) }

// LogValue hides the secret from logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalJSON fails: a secret is stored sealed or wrapped, never as it is.
func (s Secret) MarshalJSON() ([]byte, error) { return s.MarshalText() }

// MarshalText fails as MarshalJSON does.
func (s Secret) MarshalText() ([]byte, error) {
	return nil, fault.New(fault.Internal, "a secret is not written as text")
}
