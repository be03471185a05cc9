package taler

import (
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	base32 "github.com/swaperoo/swaperoo/crypto/taler"
)

// WOPID names a withdrawal operation at the bank: 32 random bytes, in text 52
// characters of base32. It is a bearer secret: whoever knows it may select the
// reserve that is paid, so it is shortened in every log and message. Only
// MarshalText and Text write it whole.
type WOPID [32]byte

// ParseWOPID reads any spelling of base32 (lower case, O for 0, …). The error is
// fault.Invalid with ReasonWOPIDMalformed and does not repeat the text.
func ParseWOPID(text string) (WOPID, error) { return parseWOPID(text) }

func parseWOPID[T string | []byte](text T) (WOPID, error) {
	var id WOPID
	if err := base32.DecodeInto(id[:], text); err != nil {
		return WOPID{}, fault.Wrap(err, fault.Invalid, "this is not the id of a withdrawal operation: 52 characters of base32 are").
			Because(ReasonWOPIDMalformed)
	}
	return id, nil
}

// Is reports whether a text means this id, in whatever spelling: it is the bytes
// that are compared.
func (id WOPID) Is(text string) bool {
	parsed, err := ParseWOPID(text)
	return err == nil && parsed == id
}

// Begins reports whether a text is the beginning of this id, or all of it, in any
// spelling: a person has typed what they read.
func (id WOPID) Begins(text string) bool {
	return id.Is(text) || strings.HasPrefix(id.Text(), base32.Canonical(text))
}

// Text is the whole id in its canonical spelling, for a URL or a QR code.
func (id WOPID) Text() string { return base32.Encode(id[:]) }

// String is the id shortened to eight characters: enough to find it, too little
// to use it.
func (id WOPID) String() string { return id.Text()[:8] + "…" }

// GoString keeps %#v from printing the bytes.
func (id WOPID) GoString() string { return id.String() }

// Format keeps every verb of fmt (%x, %d, …) from printing the bytes.
func (id WOPID) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, id.String()) }

// LogValue keeps the id out of structured logs.
func (id WOPID) LogValue() slog.Value { return slog.StringValue(id.String()) }

// IsZero reports whether the id was never set.
func (id WOPID) IsZero() bool { return id == WOPID{} }

// MarshalText writes the canonical spelling.
func (id WOPID) MarshalText() ([]byte, error) { return base32.AppendEncode(nil, id[:]), nil }

// UnmarshalText reads what ParseWOPID reads.
func (id *WOPID) UnmarshalText(text []byte) error {
	parsed, err := parseWOPID(text)
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}
