package plain

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/swaperoo/swaperoo/instrument"
)

// Read reads an object into a value, each member of it by a function that is given its name. It reports false, and
// leaves the value as it was, if there is anything else than that object or a member is not read. What a pointer, a
// slice or a map of the value refers to is not put back: a member that is there already is left to encoding/json.
//
// All texts that are read share the memory of one copy of the document. Whoever keeps a short one for long copies it.
func Read[T any](document []byte, into *T, member func(name string, c *Cursor) bool) bool {
	before, c := *into, Cursor{document: document, text: string(document)}
	if c.Object(member) && c.at == len(c.text) {
		return true
	}
	*into = before
	return false
}

// Cursor is a place in a JSON document. What a method does not read it reports as false; the cursor is not to be used
// any more then.
type Cursor struct {
	document []byte
	text     string
	at       int
}

// Object reads an object of at least one member, each by a function that is given its name.
func (c *Cursor) Object(member func(name string, c *Cursor) bool) bool {
	if !c.skip('{') {
		return false
	}
	for {
		begin, end, ok := c.plain()
		if !ok || !c.skip(':') || !member(c.text[begin:end], c) {
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
	if c.at == len(c.text) || c.text[c.at] != b {
		return false
	}
	c.at++
	return true
}

// plain is where a text stands of which each byte stands for itself.
func (c *Cursor) plain() (begin, end int, ok bool) {
	if !c.skip('"') {
		return 0, 0, false
	}
	begin = c.at
	for n := begin; n < len(c.text); n++ {
		switch b := c.text[n]; {
		case b == '"':
			c.at = n + 1
			return begin, n, true
		case b < ' ' || b > '~' || b == '\\':
			return 0, 0, false
		}
	}
	return 0, 0, false
}

// String reads a text of which each byte stands for itself.
func (c *Cursor) String(into *string) bool {
	begin, end, ok := c.plain()
	if ok {
		*into = c.text[begin:end]
	}
	return ok
}

// Text reads such a text with a value's own UnmarshalText.
func (c *Cursor) Text(read func([]byte) error) bool {
	begin, end, ok := c.plain()
	return ok && read(c.document[begin:end]) == nil
}

// Amount reads a sum, and an empty text as the zero Amount.
func (c *Cursor) Amount(into *instrument.Amount) bool {
	begin, end, ok := c.plain()
	if !ok || begin == end {
		*into = instrument.Amount{}
		return ok
	}
	read, err := instrument.ParseAmount(c.text[begin:end])
	*into = read
	return err == nil
}

// Bytes reads base64, as encoding/json does for a []byte.
func (c *Cursor) Bytes(into *[]byte) bool {
	begin, end, ok := c.plain()
	if !ok {
		return false
	}
	read, err := base64.StdEncoding.DecodeString(c.text[begin:end])
	*into = read
	return err == nil
}

// True reads the word true.
func (c *Cursor) True(into *bool) bool {
	*into = c.word("true")
	return *into
}

func (c *Cursor) word(word string) bool {
	is := strings.HasPrefix(c.text[c.at:], word)
	if is {
		c.at += len(word)
	}
	return is
}

// sureDigits is how many digits every number of an int64 may have.
const sureDigits = 18

// Int reads a whole number that is not negative.
func (c *Cursor) Int(into *int64) bool {
	begin, value := c.at, int64(0)
	for c.at < len(c.text) && c.text[c.at] >= '0' && c.text[c.at] <= '9' {
		if n := c.at - begin; n == sureDigits || n == 1 && value == 0 {
			return false
		}
		value = 10*value + int64(c.text[c.at]-'0')
		c.at++
	}
	*into = value
	return c.at > begin
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

// Pairs reads texts by their names, or null, where there is no map yet.
func (c *Cursor) Pairs(into *map[string]string) bool {
	switch {
	case *into != nil:
		return false
	case c.word("null"):
		return true
	}
	*into = map[string]string{}
	if c.word("{}") {
		return true
	}
	return c.Object(func(name string, c *Cursor) bool {
		var value string
		read := c.String(&value)
		(*into)[name] = value
		return read
	})
}

// Raw reads an object of any form, and keeps its text. Other values it leaves to encoding/json.
func (c *Cursor) Raw(into *json.RawMessage) bool {
	if c.at == len(c.text) || c.text[c.at] != '{' {
		return false
	}
	depth, quoted := 0, false
	for n := c.at; n < len(c.text); n++ {
		switch b := c.text[n]; {
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
			*into = json.RawMessage(c.text[c.at : n+1])
			c.at = n + 1
			return instrument.ValidJSON(*into)
		}
	}
	return false
}
