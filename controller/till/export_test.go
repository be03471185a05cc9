package till

// Decode is decode of an order, for the fuzzer.
func Decode(text []byte) (o Order, err error) { return o, decode(text, &o) }

// Cursor is cursor, for the fuzzer.
func Cursor(text string) (uint64, error) {
	c, err := cursor(text)
	return uint64(c), err
}

// MaxStreams is how many may follow the events.
const MaxStreams = maxStreams
