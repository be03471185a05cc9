package onetime

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// KeySize is the length of a card's key in bytes.
const KeySize = 32

const masked = "[secret]"

// Key is the secret that a card shares with its provider. It prints as [secret]
// and is not marshalled; Bytes is for a place that seals it. Copies share the
// bytes, so Wipe reaches them all. The two pointers keep fmt from following one
// into the bytes.
type Key struct{ cell **[KeySize]byte }

// NewKey takes a copy of KeySize bytes.
func NewKey(b []byte) (Key, error) {
	if len(b) != KeySize {
		return Key{}, fault.New(fault.Invalid, "a card's key has %d bytes, not %d", KeySize, len(b)).Because(ReasonCardMalformed)
	}
	p := (*[KeySize]byte)(append([]byte(nil), b...))
	return Key{&p}, nil
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

// String hides the secret.
func (k Key) String() string { return masked }

// GoString hides the secret from %#v.
func (k Key) GoString() string { return masked }

// Format hides the secret from every verb.
func (k Key) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, masked) }

// LogValue hides the secret from logs.
func (k Key) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalText fails: a key is written only by Card.File, into a file for one
// reader.
func (k Key) MarshalText() ([]byte, error) {
	return nil, fault.New(fault.Internal, "a card's key is not written as text")
}
