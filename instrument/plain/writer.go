package plain

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/swaperoo/swaperoo/instrument"
)

// Writer writes an object as json.Marshal does. Methods that begin with Some leave out what is empty.
type Writer struct {
	Out    []byte // what was written so far
	failed bool
}

// Begin begins an object behind what is there already. For one that stands alone, out is nil, there is room for so
// many bytes.
func Begin(out []byte, room int) Writer {
	if out == nil {
		out = make([]byte, 0, room)
	}
	return Writer{Out: append(out, '{')}
}

// End ends the object of Begin, and reports false if something in it cannot be written, or was left.
func (w *Writer) End() ([]byte, bool) { return append(w.Out, '}'), !w.failed }

// Leave says that something is left to encoding/json, and so all of it is: End reports false.
func (w *Writer) Leave() { w.failed = true }

// Name begins a member.
func (w *Writer) Name(name string) {
	w.next('{')
	w.Out = append(append(append(w.Out, '"'), name...), '"', ':')
}

// next separates what follows from what stands before it, if that is not the beginning.
func (w *Writer) next(beginning byte) {
	if w.Out[len(w.Out)-1] != beginning {
		w.Out = append(w.Out, ',')
	}
}

// Bracket begins an object or a list behind Name or Item, or ends it.
func (w *Writer) Bracket(b byte) { w.Out = append(w.Out, b) }

// SomeUints writes a list of whole numbers.
func (w *Writer) SomeUints(name string, list []uint64) {
	if len(list) == 0 {
		return
	}
	w.Name(name)
	w.Bracket('[')
	for _, n := range list {
		w.Item()
		w.Out = strconv.AppendUint(w.Out, n, 10)
	}
	w.Bracket(']')
}

// Item begins an item of a list.
func (w *Writer) Item() { w.next('[') }

// String writes a text.
func (w *Writer) String(name, value string) {
	w.Name(name)
	w.Text(value)
}

// Text writes a text behind Name or Item.
func (w *Writer) Text(value string) {
	if sure(value) {
		w.Out = append(append(append(w.Out, '"'), value...), '"')
		return
	}
	w.Other(value)
}

// SomeString writes a text.
func (w *Writer) SomeString(name, value string) {
	if value != "" {
		w.String(name, value)
	}
}

// Int writes a whole number.
func (w *Writer) Int(name string, n int64) {
	w.Name(name)
	w.Out = strconv.AppendInt(w.Out, n, 10)
}

// SomeInt writes a whole number.
func (w *Writer) SomeInt(name string, n int64) {
	if n != 0 {
		w.Int(name, n)
	}
}

// Uint writes a whole number.
func (w *Writer) Uint(name string, n uint64) {
	w.Name(name)
	w.Out = strconv.AppendUint(w.Out, n, 10)
}

// SomeUint writes a whole number.
func (w *Writer) SomeUint(name string, n uint64) {
	if n != 0 {
		w.Uint(name, n)
	}
}

// SomeTrue writes the word true.
func (w *Writer) SomeTrue(name string, is bool) {
	if is {
		w.Name(name)
		w.Out = append(w.Out, "true"...)
	}
}

// SomeBytes writes base64.
func (w *Writer) SomeBytes(name string, b []byte) {
	if len(b) > 0 {
		w.Bytes(name, b)
	}
}

// Bytes writes base64, and null for none.
func (w *Writer) Bytes(name string, b []byte) {
	w.Name(name)
	if b == nil {
		w.Out = append(w.Out, "null"...)
		return
	}
	w.Out = append(base64.StdEncoding.AppendEncode(append(w.Out, '"'), b), '"')
}

// Time writes a time.
func (w *Writer) Time(name string, t time.Time) {
	w.Name(name)
	text, err := t.AppendText(append(w.Out, '"'))
	w.failed = w.failed || err != nil
	w.Out = append(text, '"')
}

// SomeTime writes a time.
func (w *Writer) SomeTime(name string, t time.Time) {
	if !t.IsZero() {
		w.Time(name, t)
	}
}

// Raw writes what is JSON already, and null for none.
func (w *Writer) Raw(name string, text json.RawMessage) {
	w.Name(name)
	if instrument.CompactJSON(text) {
		w.Out = append(w.Out, text...)
		return
	}
	w.Other(text)
}

// SomeRaw writes what is JSON already.
func (w *Writer) SomeRaw(name string, text json.RawMessage) {
	if len(text) > 0 {
		w.Raw(name, text)
	}
}

// Pairs writes texts by their names, and null for a map that is nil.
func (w *Writer) Pairs(name string, pairs map[string]string) {
	w.Name(name)
	if pairs == nil {
		w.Out = append(w.Out, "null"...)
		return
	}
	w.Bracket('{')
	var room [8]string
	names := room[:0]
	for name := range pairs {
		if !sure(name) { // another text may be written like this one
			w.Out = w.Out[:len(w.Out)-1]
			w.Other(pairs)
			return
		}
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		w.String(name, pairs[name])
	}
	w.Bracket('}')
}

// SomePairs writes texts by their names.
func (w *Writer) SomePairs(name string, pairs map[string]string) {
	if len(pairs) > 0 {
		w.Pairs(name, pairs)
	}
}

// Amount writes a sum, and an empty text for the zero Amount.
func (w *Writer) Amount(name string, a instrument.Amount) {
	var room [64]byte
	text, err := a.AppendText(room[:0])
	w.failed = w.failed || err != nil
	w.Name(name)
	if sure(text) {
		w.Out = append(append(append(w.Out, '"'), text...), '"')
		return
	}
	w.Other(string(text))
}

// SomeAmount leaves nothing out, in whatever currency.
func (w *Writer) SomeAmount(name string, a instrument.Amount) {
	if !a.IsZero() {
		w.Amount(name, a)
	}
}

// PresentAmount leaves out the zero Amount alone, which has no currency.
func (w *Writer) PresentAmount(name string, a instrument.Amount) {
	if a != (instrument.Amount{}) {
		w.Amount(name, a)
	}
}

// Other writes what has to be looked at closer, behind Name or Item.
func (w *Writer) Other(v any) {
	text, err := json.Marshal(v)
	w.failed = w.failed || err != nil
	w.Out = append(w.Out, text...)
}

// sure reports whether each byte of a text stands for itself.
func sure[T string | []byte](text T) bool {
	for n := range len(text) {
		switch b := text[n]; {
		case b < ' ', b > '~', b == '"', b == '\\', b == '<', b == '>', b == '&':
			return false
		}
	}
	return true
}
