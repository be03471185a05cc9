package instrument

import (
	"encoding/json"
	"unicode/utf8"
)

// MaxDepth is how many values may be in one another in what is kept or said: it is said
// inside of frames and kept inside of records, and encoding/json reads 10,000.
const MaxDepth = 1000

// PeerJSON reports whether a text is JSON that any peer can read: valid, in UTF-8 as
// RFC 8259 has it, and not too deep. ValidJSON, as encoding/json does, takes any bytes
// between quotes; a peer ends the connection over them, each time that it is asked.
func PeerJSON(text []byte) bool {
	if !utf8.Valid(text) {
		return false
	}
	end, sure := jsonValue(text, 0, deepest)
	return sure && end == len(text) || json.Valid(text) && depth(text) <= MaxDepth
}

// depth is how many values of valid JSON are in one another at most.
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
