package plain_test

import (
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/instrument/plain"
	"github.com/swaperoo/swaperoo/instrument/plain/plaintest"
)

// note has one member of each kind.
type note struct {
	Title   string            `json:"title"`
	Lead    string            `json:"lead,omitempty"`
	Price   instrument.Amount `json:"price"`
	Fee     instrument.Amount `json:"fee,omitzero"`
	Time    int64             `json:"time"`
	Edited  int64             `json:"edited,omitempty"`
	Pages   uint64            `json:"pages"`
	Left    uint64            `json:"left,omitempty"`
	Lost    bool              `json:"lost,omitempty"`
	Seal    []byte            `json:"seal,omitempty"`
	Raw     json.RawMessage   `json:"raw,omitempty"`
	Numbers []uint64          `json:"numbers,omitempty"`
}

func (n *note) ReadJSON(text []byte) bool { return plain.Read(text, n, n.member) }

func (n *note) member(name string, c *plain.Cursor) bool {
	switch name {
	case "title":
		return c.String(&n.Title)
	case "lead":
		return c.String(&n.Lead)
	case "price":
		return c.Amount(&n.Price)
	case "fee":
		return c.Amount(&n.Fee)
	case "time":
		return c.Int(&n.Time)
	case "edited":
		return c.Int(&n.Edited)
	case "pages":
		return c.Uint(&n.Pages)
	case "left":
		return c.Uint(&n.Left)
	case "lost":
		return c.True(&n.Lost)
	case "seal":
		return c.Bytes(&n.Seal)
	case "raw":
		return n.Raw == nil && c.Raw(&n.Raw)
	case "numbers":
		return c.Uints(&n.Numbers)
	}
	return false
}

func (n note) AppendJSON(out []byte) ([]byte, bool) {
	w := plain.Begin(out, 256)
	w.String("title", n.Title)
	w.SomeString("lead", n.Lead)
	w.Amount("price", n.Price)
	w.SomeAmount("fee", n.Fee)
	w.Int("time", n.Time)
	w.SomeInt("edited", n.Edited)
	w.Uint("pages", n.Pages)
	w.SomeUint("left", n.Left)
	w.SomeTrue("lost", n.Lost)
	w.SomeBytes("seal", n.Seal)
	if len(n.Raw) > 0 {
		w.Name("raw")
		w.Other(n.Raw)
	}
	w.SomeUints("numbers", n.Numbers)
	return w.End()
}

func TestANoteIsWhatReflectionWrites(t *testing.T) {
	full := plaintest.Full[note](t, nil)
	plaintest.Whole(t, full)
	for name, n := range map[string]note{
		"everything": full, "nothing": {}, "an empty seal": {Seal: []byte{}}, "no numbers": {Numbers: []uint64{}},
		"one number": {Numbers: []uint64{0}}, "no currency": {Price: instrument.Amount{Value: 1}}, "nothing of a currency": {Fee: instrument.Amount{Currency: "CHF"}},
		"an odd currency": {Price: instrument.Amount{Currency: `"<`}}, "a mark": {Title: `a"b`}, "less": {Title: "<"}, "more": {Lead: ">"}, "and": {Lead: "&"},
		"a line": {Title: "a\n"}, "a language": {Title: "ä"}, "no UTF-8": {Title: "\xff"}, "what is deleted": {Title: "\x7f"}, "a separator": {Title: "\u2028"},
		"large": {Pages: 1<<64 - 1, Time: -1 << 63, Edited: 1<<63 - 1}, "blanks": {Raw: json.RawMessage(` { "a" : "<" } `)}, "no object": {Raw: json.RawMessage(`null`)},
		"no JSON": {Raw: json.RawMessage(`{`)},
	} {
		t.Run(name, func(t *testing.T) { checkNote(t, plaintest.Written(t, n)) })
	}
}

// checkNote reads into what is empty, and into what is not.
func checkNote(t *testing.T, text []byte) (read bool) {
	t.Helper()
	plaintest.Read(t, func() note {
		return note{
			Title: "before", Price: instrument.Amount{Currency: "CHF"}, Time: 7, Pages: 7, Lost: true, Seal: []byte("b"), Raw: json.RawMessage(`{"b":1}`),
			Numbers: []uint64{7, 8, 9},
		}
	}, text)
	return plaintest.Read(t, func() (n note) { return n }, text)
}

func TestWhatIsOddIsLeftToReflection(t *testing.T) {
	for _, text := range []string{
		``, `{}`, `{`, `null`, `[]`, `{"time":1`, `{"time":1}x`, `{"time":1} `, ` {"time":1}`, `{"time": 1}`, `{"time":1,}`, `{,}`, `{"time":1;"pages":1}`, `{"time"1}`,
		`{"Time":1}`, `{"new":1}`, `{"title":"\u0062"}`, `{"title":"ä"}`, `{"title":null}`, `{"title":5}`, `{"title":"a}`, "{\"title\":\"\x7f\"}", `{"title":'a'}`,
		`{"time":01}`, `{"time":-1}`, `{"time":1.0}`, `{"time":1e3}`, `{"time":}`, `{"time":1234567890123456789}`, `{"time":"1"}`, `{"time":null}`, `{"pages":-1}`,
		`{"lost":false}`, `{"lost":tru}`, `{"lost":truex}`, `{"lost":null}`, `{"lost":1}`, `{"lost":"true"}`,
		`{"seal":"a"}`, `{"seal":"AA=A"}`, `{"seal":"AA"}`, `{"seal":"_-8="}`, `{"seal":null}`, `{"seal":[1]}`, `{"price":"CHF"}`, `{"price":null}`,
		`{"raw":1}`, `{"raw":{]}`, `{"raw":{"a":}}`, `{"raw":{"a":1}`, `{"raw":{"a":"}`, `{"raw":{"a":1},"raw":{}}`,
		`{"numbers":[]}`, `{"numbers":[1,]}`, `{"numbers":[1}`, `{"numbers":[1 ,2]}`, `{"numbers":null}`, `{"numbers":["1"]}`, `{"numbers":1}`, `{"numbers":[1],"numbers":[2]}`,
	} {
		if checkNote(t, []byte(text)) {
			t.Errorf("%s was read", text)
		}
	}
	for _, text := range []string{
		`{"time":0}`, `{"time":123456789012345678}`, `{"pages":5,"time":1,"time":2}`, `{"price":""}`, `{"title":""}`, `{"seal":""}`, `{"seal":"+/8="}`, `{"seal":"AB=="}`,
		`{"lost":true}`, `{"raw":{}}`, `{"raw":{"a":"{"},"time":1}`, `{"raw":{"a":"\\"},"time":1}`, `{"raw":{ "a":1}}`, `{"numbers":[0]}`, `{"numbers":[1,20,3]}`,
	} {
		if !checkNote(t, []byte(text)) {
			t.Errorf("%s was not read", text)
		}
	}
}

func FuzzNote(f *testing.F) {
	f.Add(plaintest.Written(f, plaintest.Full[note](f, nil)))
	f.Add([]byte(`{"title":"a","price":"CHF:5","raw":{"a":[]},"numbers":[1,2]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var n note
		if checkNote(t, text) && n.ReadJSON(text) {
			plaintest.Written(t, n)
		}
	})
}
