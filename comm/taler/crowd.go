package taler

// maxValues is how many values one document may have. A value of two bytes becomes a
// struct of hundreds, so that the length of a document alone bounds no memory: 27 MB of
// empty denominations took six GB. Where members say something, as in an exchange's
// keys, a document of 32 MiB has fewer.
const maxValues = 1 << 19

// crowded reports whether a document has more values than one may have, before anything
// is made of it.
func crowded(document []byte) bool {
	if len(document) < 2*maxValues {
		return false
	}
	values, quoted := 0, false
	for n := 0; n < len(document); n++ {
		switch c := document[n]; {
		case quoted && c == '\\':
			n++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ',' || c == '[' || c == '{'):
			values++
		}
	}
	return values > maxValues
}
