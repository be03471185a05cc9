// Package masked keeps secrets out of prints and logs, for every type that holds one.
//
// A struct embeds Mask and keeps its bytes behind two pointers: fmt prints unexported members of a
// foreign struct by reflection, without calling methods, and follows one pointer where the verb does
// not fit. A secret that is a member of a stored document is a Text, and the member is exported, for
// the same reason.
package masked

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Shown is what people see in place of a secret.
const Shown = "[secret]"

// Mask hides the struct that embeds it from every print and log, and lets no encoding write it.
type Mask struct{}

// String hides the secret.
func (Mask) String() string { return Shown }

// GoString hides the secret from %#v.
func (Mask) GoString() string { return Shown }

// Format hides the secret from every verb.
func (Mask) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Shown) }

// LogValue hides the secret from logs.
func (Mask) LogValue() slog.Value { return slog.StringValue(Shown) }

// MarshalJSON fails: a secret is stored sealed or wrapped, never as it is.
func (m Mask) MarshalJSON() ([]byte, error) { return m.MarshalText() }

// MarshalText fails as MarshalJSON does.
func (Mask) MarshalText() ([]byte, error) {
	return nil, fault.New(fault.Internal, "a secret is not written as text")
}

// Text is a secret in a document that is sealed as a whole, such as the state of an instrument: it is
// written there as any text is, and shown nowhere.
type Text string

// String hides the secret.
func (Text) String() string { return Shown }

// GoString hides the secret from %#v.
func (Text) GoString() string { return Shown }

// Format hides the secret from every verb.
func (Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Shown) }

// LogValue hides the secret from logs.
func (Text) LogValue() slog.Value { return slog.StringValue(Shown) }
