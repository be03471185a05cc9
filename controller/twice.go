package controller

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"
)

// memberTwice finds a member that an object has twice, upper and lower case letters being the
// same; false if there is none, or if the text is no object. Readers of JSON do not agree
// on which of the two counts: encoding/json takes the last one, others the first, or only
// the one whose case is right. The code that decides about such an object and the code
// that acts on it could therefore read different things.
func memberTwice(object []byte) (name string, twice bool) {
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

// folded maps all letters that encoding/json takes for the same to one of them.
func folded(r rune) rune {
	for {
		next := unicode.SimpleFold(r)
		if next <= r {
			return next
		}
		r = next
	}
}
