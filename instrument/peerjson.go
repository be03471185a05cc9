package instrument

import (
	"encoding/json"
	"unicode/utf8"
)

// MaxDepth bounds how deep the values of what is stored or sent may be nested.
// encoding/json reads 10,000 levels, and frames and records add some of their own.
const MaxDepth = 1000

// PeerJSON reports whether a text is JSON that any peer can read: valid, in UTF-8 as
// RFC 8259 demands, and not nested too deep. ValidJSON is not enough: like
// encoding/json it takes any bytes between quotes, and a peer that reads such bytes
// ends the connection, at every attempt.
func PeerJSON(text []byte) bool {
	if !utf8.Valid(text) {
		return false
	}
	end, sure := jsonValue(text, 0, deepest)
	return sure && end == len(text) || json.Valid(text) && depth(text) <= MaxDepth
}

// depth is how deep the values of valid JSON are nested.
func depth(text []byte) (most int) {
	now, quoted := 0, false
	for n := 0; n < len(text); n++ {
		switch b := text[n]; {
		case quoted && b == '\\':
			n++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{' || b == '[':
			now++
			most = max(most, now)
		case b == '}' || b == ']':
			now--
		}
	}
	return most
}
