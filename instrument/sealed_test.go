package instrument

import (
	"encoding/json"
	"reflect"
	"strconv"
	"testing"
)

// TestSealedForms: what is sealed is read as it was written, and so is what
// earlier databases hold.
func TestSealedForms(t *testing.T) {
	for _, s := range []sealed{
		{State: json.RawMessage(`{}`)},
		{Name: "Gary's card", State: json.RawMessage(`{"a":[1, 2]}`)},
		{Keys: map[string]string{"b": "2", "a": "1", "empty": ""}, State: json.RawMessage(`"text"`)},
		{Name: "both", Keys: map[string]string{"wopid": "XYZ"}, State: json.RawMessage(`null`)},
	} {
		if got, err := decodeSealed(s.encode()); err != nil || !reflect.DeepEqual(got, s) {
			t.Errorf("%v became %v, %v", s, got, err)
		}
		before, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeSealed(before)
		if err != nil || got.Name != s.Name || !reflect.DeepEqual(got.Keys, s.Keys) {
			t.Errorf("%s of an earlier database became %v, %v", before, got, err)
		}
	}
}

// TestSealedCut: every part of it but the last is missed when it is cut off.
func TestSealedCut(t *testing.T) {
	s := sealed{Name: "name", Keys: map[string]string{"key": "value"}, State: json.RawMessage(`1`)}
	whole := s.encode()
	for n := range len(whole) - len(s.State) {
		if got, err := decodeSealed(whole[:n]); err == nil {
			t.Errorf("%d bytes of %d were read as %v", n, len(whole), got)
		}
	}
}

// TestSealIsBoundToTheSameBytes: rows of earlier databases are bound to what strconv quotes.
func TestSealIsBoundToTheSameBytes(t *testing.T) {
	for _, text := range []string{"", "pending", "01jd3v", "~ ", `a"b`, `a\b`, "ä", "a\nb", "\x7f", "\xff", "\u2028"} {
		if got, want := string(appendQuoted([]byte("before"), text)), "before"+strconv.Quote(text); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func FuzzDecodeSealed(f *testing.F) {
	f.Add(sealed{Name: "name", Keys: map[string]string{"key": "value"}, State: json.RawMessage(`{}`)}.encode())
	f.Add([]byte(`{"n":"name","s":{}}`))
	f.Add([]byte{sealedForm, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, plain []byte) {
		s, err := decodeSealed(plain)
		if err != nil {
			return
		}
		if len(s.State)+len(s.Name) > len(plain) {
			t.Errorf("%d bytes became more", len(plain))
		}
		again, err := decodeSealed(s.encode())
		if err != nil || again.Name != s.Name || len(again.Keys) != len(s.Keys) || string(again.State) != string(s.State) {
			t.Errorf("%v became %v, %v", s, again, err)
		}
	})
}
