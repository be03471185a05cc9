package protocol

import (
	"bytes"
	"encoding/json"
	"io"
)

// canonical writes a JSON value so that different spellings of it are the same
// text: members sorted, no blanks, one way to escape. Numbers stay as they are
// written.
func canonical(text []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, io.ErrUnexpectedEOF // something follows the value
	}
	return json.Marshal(v)
}
