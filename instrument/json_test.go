package instrument_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

var jsonTexts = []string{
	``, ` `, `1`, `0`, `-1`, `-0`, `-`, `01`, `-01`, `1.5`, `1.`, `1e5`, `1e`, `+1`, `1 `, ` 1`, `12x`, `10`, `true`, `tru`, `truex`, `false`, `null`, `nul`, `nil`,
	`""`, `"`, `"a`, `"a"b`, `"\n"`, `"\x"`, `"\u00e4"`, "\"\n\"", "\"\x7f\"", "\"\xff\"", `"ä"`, `'a'`,
	`[]`, `[`, `]`, `[1`, `[1,`, `[1,]`, `[,1]`, `[1 2]`, `[1,2]`, `[[],[[]]]`, `[1}`, `[]]`, `[] `, `[true,false,null,"a",1,-5,{}]`,
	`{}`, `{`, `}`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{"a":1]`, `{1:1}`, `{a:1}`, `{a":1}`, `{"a";1}`, `{"a"11}`, `{"a" :1}`, `{"a": 1}`, `{"a"1}`, `{"a":1}`, `{"a":{"b":[1,{"c":"d"}]},"e":""}`, `{"a":1}{}`,
	strings.Repeat("[", 40) + strings.Repeat("]", 40), strings.Repeat("[", 40), strings.Repeat(`{"a":`, 31) + "1" + strings.Repeat("}", 31), strings.Repeat(`{"a":`, 31) + strings.Repeat("}", 31),
}

func TestJSONIsValidWhereItIs(t *testing.T) {
	for _, text := range jsonTexts {
		if want := json.Valid([]byte(text)); instrument.ValidJSON([]byte(text)) != want {
			t.Errorf("%q: want %v", text, want)
		}
	}
}

func FuzzValidJSON(f *testing.F) {
	for _, text := range jsonTexts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if want := json.Valid(text); instrument.ValidJSON(text) != want {
			t.Errorf("%q: want %v", text, want)
		}
	})
}

func FuzzCompactJSON(f *testing.F) {
	for _, text := range jsonTexts {
		f.Add([]byte(text))
	}
	for _, text := range []string{`"<"`, `">"`, `"&"`, "\"\u2028\"", "\"\u2029\"", `{"a<":1}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !instrument.CompactJSON(text) {
			return
		}
		if want, err := json.Marshal(json.RawMessage(text)); err != nil || string(want) != string(text) {
			t.Errorf("%q is written as %q, %v", text, want, err)
		}
	})
}

func TestWhatProgramsWriteIsCompact(t *testing.T) {
	for _, text := range []string{`{"a":{"b":[1,{"c":"d"}]},"e":""}`, `[]`, `"ä"`, `-5`, `null`} {
		if !instrument.CompactJSON([]byte(text)) {
			t.Errorf("%s is not compact", text)
		}
	}
}

func BenchmarkValidJSON(b *testing.B) {
	text := []byte(`{"state":"selected","terminal":"01jd3v5s8m2q4x7y9z0a1b2c3d","amount":"CHF:20.5","exchange_account":"payto://iban/CH9300762011623852957?receiver-name=Jane%20Doe","created":1764180000}`)
	b.Run("here", func(b *testing.B) {
		for range b.N {
			instrument.ValidJSON(text)
		}
	})
	b.Run("json.Valid", func(b *testing.B) {
		for range b.N {
			json.Valid(text)
		}
	})
}

func FuzzMember(f *testing.F) {
	for _, text := range jsonTexts {
		f.Add([]byte(text))
	}
	f.Add([]byte(`{"b":[{"a":1}],"a":"x","a":{"a":2}}`))
	f.Add([]byte(`{"a":null,"b":"a"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		i := instrument.Instance{State: text}
		var all map[string]json.RawMessage
		unread := i.Decode(&all)
		var got json.RawMessage
		if err := i.Member("a", &got); (err == nil) != (unread == nil) || err == nil && string(got) != string(all["a"]) {
			t.Errorf("%q: %q, %v; want %q, %v", text, got, err, all["a"], unread)
		}
	})
}

func TestAMemberIsReadWithoutTheRest(t *testing.T) {
	i := instrument.Instance{State: json.RawMessage(`{"b":[{"a":1}],"a":"x","c":5,"a":"y"}`)}
	got := "before"
	if err := i.Member("none", &got); err != nil || got != "before" {
		t.Errorf("%q, %v", got, err)
	}
	if err := i.Member("a", &got); err != nil || got != "y" {
		t.Errorf("%q, %v", got, err)
	}
	if err := i.Member("c", &got); !errors.Is(err, fault.Internal) {
		t.Errorf("a number as text: %v", err)
	}
	i.State = json.RawMessage(`{"\u0061":"z"}`)
	if err := i.Member("a", &got); err != nil || got != "z" {
		t.Errorf("%q, %v", got, err)
	}
}
