package protocol

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/instrument/plain"
	"github.com/swaperoo/swaperoo/instrument/plain/plaintest"
)

// document is a type that is written here, and how.
type document struct {
	of    string
	blank func() any // pointer to an empty one
	spell func(any, *plain.Writer)
}

func documents() []document {
	return []document{
		{"a step", func() any { return new(Step) }, func(v any, w *plain.Writer) { v.(*Step).spell(w) }},
		{"a call", func() any { return new(digested) }, func(v any, w *plain.Writer) { v.(*digested).spell(w) }},
		{"a part", func() any { return new(logPart) }, func(v any, w *plain.Writer) { v.(*logPart).spell(w) }},
		{"an event", func() any { return new(Transacted) }, func(v any, w *plain.Writer) { v.(*Transacted).spell(w) }},
	}
}

// check compares what is written with what encoding/json writes. It reports whether it was written here.
func (d document) check(t *testing.T, v any) bool {
	t.Helper()
	w := plain.Begin(nil, 16)
	d.spell(v, &w)
	got, ok := w.End()
	want, err := json.Marshal(v)
	if ok && (err != nil || string(got) != string(want)) {
		t.Fatalf("%s: %v, %v\n%s\n%s", d.of, ok, err, got, want)
	}
	return ok
}

// special fills what not every value fits.
func special(f reflect.Value) bool {
	switch f.Interface().(type) {
	case time.Time:
		f.Set(reflect.ValueOf(time.Date(2026, 11, 26, 9, 8, 7, 6_500_000, time.FixedZone("", 3600))))
	case json.RawMessage: // nothing has to be compacted
		f.SetBytes([]byte(`{"a":["x",{"b":1}],"c":"ä"}`))
	case map[string]string, instrument.Invoice:
		f.Set(reflect.ValueOf(map[string]string{"b": "2", "a": `"<1>"`, "c": ""}).Convert(f.Type()))
	case StepKind:
		f.SetUint(9)
	case int:
		f.SetInt(5)
	default:
		return false
	}
	return true
}

// TestEveryMemberIsSpelledAsReflectionDoes: a member that is added to one of the types, or to one that is in them, and
// not to what writes it, is found here.
func TestEveryMemberIsSpelledAsReflectionDoes(t *testing.T) {
	step := plaintest.Full[Step](t, special, "Fault", "Fetch", "Prompt")
	call := plaintest.Full[digested](t, special)
	part := plaintest.Full[logPart](t, special, "Over", "Last", "Fault", "Refused", "Response", "Rewind", "Proofs", "Ahead", "outside")
	event := plaintest.Full[Transacted](t, special, "Fault")
	for n, v := range []any{&step, &call, &part, &event} {
		if d := documents()[n]; !d.check(t, v) {
			t.Errorf("%s was left to reflection", d.of)
		}
	}
	for _, d := range documents() {
		if !d.check(t, d.blank()) {
			t.Errorf("an empty one, %s, was left to reflection", d.of)
		}
	}
}

// TestWhatIsRareIsLeftToReflection: it is not left out.
func TestWhatIsRareIsLeftToReflection(t *testing.T) {
	f := &fault.Fault{Kind: fault.Declined}
	later := &Begin{}
	for name, v := range map[string]any{
		"a failed step": &Step{Fault: f}, "a request": &Step{Fetch: &Request{}}, "a question": &Step{Prompt: &Prompt{}},
		"a failed event": &Transacted{Fault: f},
		"the peer's end": &logPart{Over: &peerEnd{}}, "last words": &logPart{Last: &lastWords{}}, "proofs": &logPart{Opening: &opening{Payer: payerWithProofs()}},
		"a refusal": &logPart{Steps: []loggedAt{{Refused: f}}}, "a response": &logPart{Steps: []loggedAt{{Answer: &Answer{Response: &Response{}}}}},
		"a failed answer": &logPart{Open: &loggedAt{Answer: &Answer{Fault: f}}}, "a rewind": &logPart{Steps: []loggedAt{{Answer: &Answer{Rewind: later}}}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, d := range documents() {
				if reflect.TypeOf(d.blank()) == reflect.TypeOf(v) && d.check(t, v) {
					t.Error("it was written without what is in it")
				}
			}
		})
	}
}

func TestARowIsSpelledAsReflectionDoes(t *testing.T) {
	if n := reflect.TypeFor[rowBody]().NumField(); n != 2 {
		t.Errorf("a row has %d members, and a call and its end are written", n)
	}
	call := plaintest.Full[Call](t, special)
	full := plaintest.Full[outcome](t, special, "Fault")
	for _, end := range []*outcome{nil, {}, &full, {Fault: &fault.Fault{Kind: fault.Declined}}} {
		for _, c := range []Call{{}, call, {Args: json.RawMessage(`{`)}} {
			var want []byte
			text, err := json.Marshal(c)
			if err == nil {
				want, err = json.Marshal(rowBody{Call: text, End: end})
			}
			got, failed := rowText(&c, end)
			if (err == nil) != (failed == nil) || string(got) != string(want) {
				t.Errorf("%v, %v\n%s\n%s", err, failed, got, want)
			}
		}
	}
}

// TestADigestIsWhatItWas: digests are compared with those in the logs of earlier versions.
func TestADigestIsWhatItWas(t *testing.T) {
	step := Step{N: 3, Kind: StepUpdate, Writes: []instrument.Instance{{
		ID: "id", Class: "prepaid", Owner: "gary", Name: "Gary's \"card\"", Status: "open", Keys: map[string]string{"b": "2", "a": "<1>"}, Version: 4,
		State: json.RawMessage(` { "amount" : "CHF:1", "text" : "a<b" } `),
	}}}
	if got := step.digest(); inHex(got) != "a7f455f6b3e96f1d0dcf39a2a37b6a8b9bd7904086e80aec7e4e586e201332e7" {
		t.Errorf("the digest is %s", inHex(got))
	}
}

func FuzzSpelling(f *testing.F) {
	step, part := plaintest.Full[Step](f, special, "Fault", "Fetch", "Prompt"), plaintest.Full[logPart](f, special, "Over", "Last", "Fault", "Refused", "Response", "Rewind", "Ahead", "outside", "Proofs")
	call, event := plaintest.Full[digested](f, special), plaintest.Full[Transacted](f, special, "Fault")
	for _, v := range []any{step, call, part, event, Step{Body: json.RawMessage(` { "<" : 1.5 } `)}, Step{Writes: []instrument.Instance{{Name: "ä\n"}}}} {
		text, err := json.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, d := range documents() {
			v := d.blank()
			if json.Unmarshal(text, v) == nil {
				d.check(t, v)
			}
		}
	})
}

func payerWithProofs() *comm.Payer { return &comm.Payer{Proofs: map[string][]byte{"key": {1}}} }

func inHex(digest [32]byte) string { return fmt.Sprintf("%x", digest) }
