package instrument

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"
)

// Twice is a member that an object has twice, in the same letters or in other ones; false if
// it has none, or is no object. Readers of JSON do not agree on which of the two counts: to
// encoding/json it is the last, in whatever letters, to others the first, or only the one
// that is spelled as they spell it. So who decides by such an object, and who acts on it
// then, may have read different things.
func Twice(object []byte) (name string, twice bool) {
	d := json.NewDecoder(bytes.NewReader(object))
	if begin, err := d.Token(); err != nil || begin != json.Delim('{') {
		return "", false
	}
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		name, is := token.(string)
		if err != nil || !is {
			return "", false
		}
		one := strings.Map(folded, name)
		if seen[one] {
			return name, true
		}
		seen[one] = true
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return "", false
		}
	}
	return "", false
}

// folded is one for all letters that encoding/json takes for the same.
func folded(r rune) rune {
	for {
		next := unicode.SimpleFold(r)
		if next <= r {
			return next
		}
		r = next
	}
}
