package taler

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/swaperoo/swaperoo/crypto/taler"
)

// cursor is what is left to read of a JSON document that was written without blanks and without need for escapes.
// What it does not read it reports as false; it is not to be used any more then.
type cursor []byte

// object reads an object, each member of it by a function that is given its name.
func (c *cursor) object(member func(name []byte, c *cursor) bool) bool {
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

func (c *cursor) skip(b byte) bool {
	if len(*c) == 0 || (*c)[0] != b {
		return false
	}
	*c = (*c)[1:]
	return true
}

// plain is a text of which each byte stands for itself.
func (c *cursor) plain() ([]byte, bool) {
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

func (c *cursor) string(into *string) bool {
	text, ok := c.plain()
	if ok {
		*into = string(text)
	}
	return ok
}

func (c *cursor) text(read func([]byte) error) bool {
	text, ok := c.plain()
	return ok && read(text) == nil
}

// sureDigits is how many digits every number of an int64 may have.
const sureDigits = 18

// number is a whole one that is not negative.
func (c *cursor) number(into *int64) bool {
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

// raw is an object, of any form.
func (c *cursor) raw(into *json.RawMessage) bool {
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

// written is a document in the making: it writes what json.Marshal writes.
type written struct {
	out    []byte
	failed bool
}

func (d *written) name(name string) {
	if d.out[len(d.out)-1] != '{' {
		d.out = append(d.out, ',')
	}
	d.out = append(append(append(d.out, '"'), name...), '"', ':')
}

func (d *written) string(name, value string) {
	d.name(name)
	if plain(value) {
		d.out = append(append(append(d.out, '"'), value...), '"')
		return
	}
	d.other(value)
}

// some leaves the empty text out.
func (d *written) some(name, value string) {
	if value != "" {
		d.string(name, value)
	}
}

// count leaves 0 out.
func (d *written) count(name string, n int64) {
	if n != 0 {
		d.name(name)
		d.out = strconv.AppendInt(d.out, n, 10)
	}
}

// begun has room for a document of the usual size.
func begun(out []byte) written {
	if out == nil {
		out = make([]byte, 0, 512)
	}
	return written{out: append(out, '{')}
}

// amount leaves nothing out, in whatever currency.
func (d *written) amount(name string, a Amount) {
	if !a.IsZero() {
		d.present(name, a)
	}
}

// present leaves out what is absent, which has no currency.
func (d *written) present(name string, a Amount) {
	if a == (Amount{}) {
		return
	}
	var room [64]byte
	text, err := a.AppendText(room[:0])
	d.failed = d.failed || err != nil
	d.name(name)
	if plain(text) {
		d.out = append(append(append(d.out, '"'), text...), '"')
		return
	}
	d.other(string(text))
}

// key is bytes in base32.
func (d *written) key(bytes []byte) {
	d.out = append(taler.AppendEncode(append(d.out, '"'), bytes), '"')
}

// plain reports whether each byte of a text stands for itself.
func plain[T string | []byte](text T) bool {
	for n := range len(text) {
		switch b := text[n]; {
		case b < ' ', b > '~', b == '"', b == '\\', b == '<', b == '>', b == '&':
			return false
		}
	}
	return true
}

// other is what has to be looked at closer.
func (d *written) other(v any) {
	text, err := json.Marshal(v)
	d.failed = d.failed || err != nil
	d.out = append(d.out, text...)
}
