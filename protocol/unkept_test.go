package protocol

import (
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
)

// TestWhatCannotBeKeptIsNotToldAhead: code would take what stands for it as a message.
func TestWhatCannotBeKeptIsNotToldAhead(t *testing.T) {
	for body, ahead := range map[string]string{`"hello"`: `"hello"`, "\"\xff\"": ""} {
		b := newMail(Execution{Side: Servicer, Link: nowhere{}})
		b.arrived(0, []comm.Message{{N: 1, Body: json.RawMessage(body)}})
		if got := b.next(); string(got) != ahead {
			t.Errorf("%q is told ahead as %q", body, got)
		}
	}
}

// nowhere is a link over which nothing goes.
type nowhere struct{ Link }
