package instrument_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/swaperoo/swaperoo/instrument"
)

func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

func TestPeersReadUTF8ThatIsNotTooDeep(t *testing.T) {
	for text, want := range map[string]bool{
		`{"code":"GRÜN"}`: true, "{\"code\":\"GR\xdcN\"}": false, "{\"\xff\":1}": false, `{"a":1.5e400, "a":"\ud800"}`: true, `{`: false, ``: false, "\xef\xbb\xbf{}": false,
		nested(instrument.MaxDepth): true, nested(instrument.MaxDepth + 1): false,
		`["` + strings.Repeat(`[`, 2000) + `\"[[["]`: true, strings.Repeat(`[{},`, instrument.MaxDepth-1) + `[]` + strings.Repeat(`]`, instrument.MaxDepth-1): true,
		`[` + strings.Repeat(`{"a":[]},`, 2000) + `1]`: true, `["\"",` + strings.Repeat(`{"a":[]},`, 2000) + `1.5]`: true,
		`["\\",` + strings.Repeat(`{"]":`, instrument.MaxDepth) + `1` + strings.Repeat("}", instrument.MaxDepth) + `]`: false,
		`["\"",` + nested(instrument.MaxDepth) + `]`: false,
	} {
		if got := instrument.PeerJSON([]byte(text)); got != want {
			t.Errorf("%.40q: %v", text, got)
		}
	}
}

// FuzzPeerJSON: what a peer can read is valid, and stays so deep inside of a frame.
func FuzzPeerJSON(f *testing.F) {
	for _, text := range jsonTexts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		framed := json.Valid([]byte(strings.Repeat("[", 100) + string(text) + strings.Repeat("]", 100)))
		switch peer := instrument.PeerJSON(text); {
		case peer && (!framed || !utf8.Valid(text)):
			t.Errorf("%q is read by peers", text)
		case !peer && json.Valid(text) && utf8.Valid(text) && len(text) <= instrument.MaxDepth:
			t.Errorf("%q is not read by peers", text)
		}
	})
}
