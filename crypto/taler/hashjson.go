package taler

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// HashJSON is H over the canonical form of one JSON value with one zero byte
// behind it. An exchange signs the restrictions of its accounts this way.
func HashJSON(value []byte) (HashCode, error) {
	text, err := CanonicalJSON(value)
	if err != nil {
		return HashCode{}, err
	}
	return H(text, zero), nil
}

// CanonicalJSON writes one JSON value as Taler signs it: members sorted by name,
// no blanks, the escapes of RFC 8785, whole numbers only. Anything else is
// fault.Invalid: a fraction has no agreed spelling, so nothing signed holds one.
func CanonicalJSON(value []byte) ([]byte, error) {
	if !utf8.Valid(value) {
		return nil, badJSON("it is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, badJSON("it is not JSON")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, badJSON("more follows the first value")
	}
	return appendCanonical(nil, tree)
}

func appendCanonical(out []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(out, "null"...), nil
	case bool:
		return strconv.AppendBool(out, v), nil
	case string:
		return appendQuoted(out, v), nil
	case json.Number:
		n, err := strconv.ParseInt(string(v), 10, 64)
		if err != nil {
			return nil, badJSON("%s is no whole number of 64 bits", fault.Clip(string(v)))
		}
		return strconv.AppendInt(out, n, 10), nil
	case []any:
		return appendArray(out, v)
	default:
		return appendObject(out, v.(map[string]any))
	}
}

func appendArray(out []byte, elements []any) (_ []byte, err error) {
	out = append(out, '[')
	for i, e := range elements {
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = appendCanonical(out, e); err != nil {
			return nil, err
		}
	}
	return append(out, ']'), nil
}

func appendObject(out []byte, members map[string]any) (_ []byte, err error) {
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names)
	out = append(out, '{')
	for i, name := range names {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendQuoted(out, name), ':')
		if out, err = appendCanonical(out, members[name]); err != nil {
			return nil, err
		}
	}
	return append(out, '}'), nil
}

// appendQuoted escapes only what RFC 8785 section 3.2.2.2 names.
// encoding/json escapes more (<, >, &, U+2028), which would change the hash.
func appendQuoted(out []byte, s string) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\b':
			out = append(out, `\b`...)
		case '\t':
			out = append(out, `\t`...)
		case '\n':
			out = append(out, `\n`...)
		case '\f':
			out = append(out, `\f`...)
		case '\r':
			out = append(out, `\r`...)
		default:
			if c < 0x20 {
				out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			} else {
				out = append(out, c)
			}
		}
	}
	return append(out, '"')
}

func badJSON(format string, args ...any) error {
	return fault.New(fault.Invalid, "this JSON cannot be signed: "+format, args...).Because("json-malformed")
}
