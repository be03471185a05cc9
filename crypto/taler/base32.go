package taler

import (
	"encoding/base32"

	"github.com/swaperoo/swaperoo/comm/fault"
)

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

var (
	crockford = base32.NewEncoding(alphabet).WithPadding(base32.NoPadding)
	digits    = digitValues()
)

const noDigit = 0xff

// Encode writes bytes in GNUnet's base32: Crockford's alphabet, most significant
// bit first, the last character filled with zero bits, no padding. n bytes
// become ceil(8n/5) characters.
func Encode(data []byte) string {
	var room [roomForHash]byte
	return string(crockford.AppendEncode(room[:0], data))
}

// roomForHash holds the text of 64 bytes.
const roomForHash = (8*64 + 4) / 5

// AppendEncode is Encode behind what is there already.
func AppendEncode(out, data []byte) []byte { return crockford.AppendEncode(out, data) }

// Decode reads GNUnet's base32. Letters may be lower case; O is read as 0, I and
// L as 1, U as V; the fill bits of the last character are ignored. Therefore
// several texts mean the same bytes: compare bytes, and encode again before a
// value becomes part of a URL or a key of a table.
//
// The error is fault.Invalid: a foreign character, or a length that no number of
// bytes has. It does not repeat the text, which may be a secret.
func Decode(text string) ([]byte, error) {
	n := len(text) * 5 / 8
	if len(text) != (8*n+4)/5 {
		return nil, badBase32("no number of bytes makes %d characters", len(text))
	}
	out := make([]byte, n)
	if err := decode(out, text); err != nil {
		return nil, err
	}
	return out, nil
}

// DecodeFixed reads what Decode reads and insists on size bytes.
func DecodeFixed(text string, size int) ([]byte, error) {
	out := make([]byte, size)
	if err := DecodeInto(out, text); err != nil {
		return nil, err
	}
	return out, nil
}

// DecodeInto is DecodeFixed into room that is there already, all of it. After an
// error nobody may use what it holds.
func DecodeInto[T string | []byte](out []byte, text T) error {
	if want := (8*len(out) + 4) / 5; len(text) != want {
		return badBase32("%d bytes make %d characters, not %d", len(out), want, len(text))
	}
	return decode(out, text)
}

func decode[T string | []byte](out []byte, text T) error {
	var held uint32 // the bits that are not a whole byte yet
	bits, at := 0, 0
	for i := range len(text) {
		d := digits[text[i]]
		if d == noDigit {
			return badBase32("character %d is none of its alphabet", i+1)
		}
		held, bits = held<<5|uint32(d), bits+5
		if bits >= 8 && at < len(out) {
			bits -= 8
			out[at] = byte(held >> bits)
			at++
		}
	}
	return nil
}

// Canonical is a text, or the beginning of one, in the spelling that Encode has. What
// is none of the alphabet stays as it is.
func Canonical(text string) string {
	out := []byte(text)
	for i, c := range out {
		if d := digits[c]; d != noDigit {
			out[i] = alphabet[d]
		}
	}
	return string(out)
}

func badBase32(format string, args ...any) error {
	return fault.New(fault.Invalid, "this is not base32 of the expected form: "+format, args...).Because("base32-malformed")
}

func digitValues() (table [256]byte) {
	for i := range table {
		table[i] = noDigit
	}
	set := func(c byte, d byte) {
		table[c] = d
		if c >= 'A' {
			table[c|0x20] = d
		}
	}
	for i := range len(alphabet) {
		set(alphabet[i], byte(i))
	}
	set('O', 0)
	set('I', 1)
	set('L', 1)
	set('U', table['V'])
	return table
}
