package taler

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/swaperoo/swaperoo/crypto/masked"
	"github.com/swaperoo/swaperoo/crypto/taler"
)

// StoredSecret is 32 secret bytes inside the state of an instance, which the
// host seals. It is written to JSON, as base32, and nowhere else: every print
// and log shows [secret]. Do not put it into a result, an argument or a message.
type StoredSecret [32]byte

// IsZero reports whether the secret was never set.
func (s StoredSecret) IsZero() bool { return s == StoredSecret{} }

// EddsaPrivateKey is the secret as the private key of a reserve or coin.
func (s StoredSecret) EddsaPrivateKey() (taler.EddsaPrivateKey, error) {
	return taler.NewEddsaPrivateKey(s[:])
}

// Seed is the secret as the seed of a withdrawal's coins.
func (s StoredSecret) Seed() (taler.Seed, error) { return taler.NewSeed(s[:]) }

// String hides the secret.
func (s StoredSecret) String() string { return masked.Shown }

// GoString hides the secret from %#v.
func (s StoredSecret) GoString() string { return masked.Shown }

// Format hides the secret from every verb of fmt.
func (s StoredSecret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, masked.Shown) }

// LogValue hides the secret from logs.
func (s StoredSecret) LogValue() slog.Value { return slog.StringValue(masked.Shown) }

// MarshalText writes the secret itself, for the sealed state.
func (s StoredSecret) MarshalText() ([]byte, error) { return taler.AppendEncode(nil, s[:]), nil }

// UnmarshalText reads base32 of 32 bytes. The error does not repeat the text.
func (s *StoredSecret) UnmarshalText(text []byte) error {
	var raw StoredSecret
	if err := taler.DecodeInto(raw[:], text); err != nil {
		return err
	}
	*s = raw
	return nil
}
