package taler

import (
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// WithdrawalID names a withdrawal operation at any bank, as a wallet knows it: a
// WOPID, as C2EC and the fakebank make them, or a UUID, as libeufin does. It is as
// secret as a WOPID and prints shortened. The zero WithdrawalID names none.
type WithdrawalID struct{ text string }

// ID is the id as a wallet knows it.
func (id WOPID) ID() WithdrawalID { return WithdrawalID{id.Text()} }

// aUUID is the text of one in lower case (RFC 9562, section 4).
var aUUID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

const lenUUID = 36

// ParseWithdrawalID reads any spelling of either kind. The error is fault.Invalid
// with ReasonWOPIDMalformed and does not repeat the text.
func ParseWithdrawalID(text string) (WithdrawalID, error) {
	if len(text) == lenUUID {
		if lower := strings.ToLower(text); aUUID.MatchString(lower) {
			return WithdrawalID{lower}, nil
		}
	}
	id, err := ParseWOPID(text)
	if err != nil {
		return WithdrawalID{}, fault.Wrap(err, fault.Invalid, "this is not the id of a withdrawal operation: 52 characters of base32 or a UUID are").
			Because(ReasonWOPIDMalformed)
	}
	return id.ID(), nil
}

// Text is the whole id in its canonical spelling, for a URL or a QR code.
func (id WithdrawalID) Text() string { return id.text }

// String is the id shortened to eight characters, as WOPID's.
func (id WithdrawalID) String() string {
	return id.text[:min(8, len(id.text))] + "…"
}

// GoString keeps %#v from printing the text.
func (id WithdrawalID) GoString() string { return id.String() }

// Format keeps every verb of fmt from printing the text.
func (id WithdrawalID) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, id.String()) }

// LogValue keeps the id out of structured logs.
func (id WithdrawalID) LogValue() slog.Value { return slog.StringValue(id.String()) }

// IsZero reports whether it names nothing.
func (id WithdrawalID) IsZero() bool { return id == WithdrawalID{} }

// Begins reports whether the id begins with a text, in letters of any size.
func (id WithdrawalID) Begins(text string) bool {
	return strings.HasPrefix(strings.ToUpper(id.text), strings.ToUpper(text))
}

// MarshalText writes the canonical spelling.
func (id WithdrawalID) MarshalText() ([]byte, error) { return []byte(id.text), nil }

// UnmarshalText reads what ParseWithdrawalID reads.
func (id *WithdrawalID) UnmarshalText(text []byte) error {
	parsed, err := ParseWithdrawalID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}
