package instrument_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// short reads and writes {"n":N} itself for N below ten.
type short struct {
	N    int  `json:"n"`
	Self bool `json:"-"`
}

func (s *short) ReadJSON(text []byte) bool {
	if len(text) != len(`{"n":1}`) || text[5] < '0' || text[5] > '9' {
		return false
	}
	s.N, s.Self = int(text[5]-'0'), true
	return true
}

func (s short) AppendJSON(out []byte) ([]byte, bool) {
	if s.N > 9 {
		return nil, false
	}
	return append(out, `{"n":`+string(rune('0'+s.N))+`}`...), true
}

func TestStatesMayReadAndWriteThemselves(t *testing.T) {
	var i instrument.Instance
	for n, want := range map[int]short{5: {5, true}, 500: {500, false}} {
		if err := i.Encode(short{N: n}); err != nil {
			t.Fatal(err)
		}
		if text, _ := json.Marshal(short{N: n}); string(text) != string(i.State) {
			t.Errorf("%s was written", i.State)
		}
		var got short
		if err := i.Decode(&got); err != nil || got != want {
			t.Errorf("%+v, %v", got, err)
		}
	}
	i.State = json.RawMessage(`{"n":x}`)
	if err := i.Decode(new(short)); !errors.Is(err, fault.Internal) {
		t.Errorf("what nobody can read: %v", err)
	}
}
