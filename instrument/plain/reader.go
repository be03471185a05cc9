package plain

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
)

// Read reads an object into a value, each member of it by a function that is given its name. It reports false, and
// leaves the value as it was, if there is anything else than that object or a member is not read. Members that fill
// what a pointer or a slice of the value points to have to leave it to others: only the value itself is put back.
func Read[T any](text []byte, into *T, member func(name []byte, c *Cursor) bool) bool {
	before, c := *into, Cursor(text)
	if c.Object(member) && len(c) == 0 {
		return true
	}
	*into = before
	return false
}

// Cursor is what is left to read of a JSON document. What a method does not read it reports as false; the cursor is
// not to be used any more then.
type Cursor []byte

// Object reads an object of at least one member, each by a function that is given its name.
func (c *Cursor) Object(member func(name []byte, c *Cursor) bool) bool {
	if !c.skip('{') {
		return false
	}
	for {
		name, ok := c.plain()
		if !ok || !c.skip(':') || !member(name, c) {
			return false
		}
		if !c.skip(',') {
			return c.skip('}')
		}
	}
}

// List reads a list of at least one item, each by a function.
func (c *Cursor) List(item func(c *Cursor) bool) bool {
	if !c.skip('[') {
		return false
	}
	for {
		if !item(c) {
			return false
		}
		if !c.skip(',') {
			return c.skip(']')
		}
	}
}

func (c *Cursor) skip(b byte) bool {
	if len(*c) == 0 || (*c)[0] != b {
		return false
	}
	*c = (*c)[1:]
	return true
}

// plain is a text of which each byte stands for itself.
func (c *Cursor) plain() ([]byte, bool) {
	if !c.skip('"') {
		return nil, false
	}
	for n, b := range *c {
		switch {
		case b == '"':
			text := (*c)[:n]
			*c = (*c)[n+1:]
			return text, true
		case b < ' ' || b > '~' || b == '\\':
			return nil, false
		}
	}
	return nil, false
}

// String reads a text of which each byte stands for itself.
func (c *Cursor) String(into *string) bool {
	text, ok := c.plain()
	if ok {
		*into = string(text)
	}
	return ok
}

// Text reads such a text with a value's own UnmarshalText.
func (c *Cursor) Text(read func([]byte) error) bool {
	text, ok := c.plain()
	return ok && read(text) == nil
}

// Bytes reads base64, as encoding/json does for a []byte.
func (c *Cursor) Bytes(into *[]byte) bool {
	text, ok := c.plain()
	if !ok {
		return false
	}
	read, err := base64.StdEncoding.AppendDecode(make([]byte, 0, base64.StdEncoding.DecodedLen(len(text))), text)
	if err == nil {
		*into = read
	}
	return err == nil
}

// True reads the word true.
func (c *Cursor) True(into *bool) bool {
	rest, ok := bytes.CutPrefix(*c, []byte("true"))
	*c, *into = rest, ok
	return ok
}

// sureDigits is how many digits every number of an int64 may have.
const sureDigits = 18

// Int reads a whole number that is not negative.
func (c *Cursor) Int(into *int64) bool {
	n, value := 0, int64(0)
	for n < len(*c) && (*c)[n] >= '0' && (*c)[n] <= '9' {
		if n == sureDigits || n == 1 && value == 0 {
			return false
		}
		value = 10*value + int64((*c)[n]-'0')
		n++
	}
	*c = (*c)[n:]
	*into = value
	return n > 0
}

// Uint reads a whole number.
func (c *Cursor) Uint(into *uint64) bool {
	var value int64
	read := c.Int(&value)
	*into = uint64(value) //nolint:gosec // no number that is read is negative
	return read
}

// Uints reads whole numbers into a list that is nil, and leaves any other to encoding/json, which fills its memory.
func (c *Cursor) Uints(into *[]uint64) bool {
	return *into == nil && c.List(func(c *Cursor) bool {
		var n uint64
		read := c.Uint(&n)
		*into = append(*into, n)
		return read
	})
}

// Raw reads an object of any form, and keeps its text.
func (c *Cursor) Raw(into *json.RawMessage) bool {
	if len(*c) == 0 || (*c)[0] != '{' {
		return false
	}
	depth, quoted := 0, false
	for n := 0; n < len(*c); n++ {
		switch b := (*c)[n]; {
		case quoted && b == '\\':
			n++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{':
			depth++
		case b == '}':
			if depth--; depth > 0 {
				continue
			}
			object := (*c)[:n+1]
			*c = (*c)[n+1:]
			*into = bytes.Clone(object)
			return json.Valid(object)
		}
	}
	return false
}
