package protocol

import (
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// TestWhatIsOutside: an operation with money on its way is not abandoned.
func TestWhatIsOutside(t *testing.T) {
	over, refused := &peerEnd{}, &peerEnd{Fault: fault.New(fault.Declined, "no")}
	steps := func(n ...int) (out []loggedAt) {
		for _, n := range n {
			out = append(out, loggedAt{N: n})
		}
		return out
	}
	for _, row := range []struct {
		name  string
		side  Side
		parts []logPart
		want  string // in it; empty: nothing is outside
	}{
		{"nothing was sent", Initiator, []logPart{{Steps: steps(1, 2)}}, ""},
		{"the peer was asked", Initiator, []logPart{{Steps: steps(1)}, {Posted: true}}, "its peer has not said"},
		{"the peer was asked before", Initiator, []logPart{{Posted: true}, {Steps: steps(1)}}, "its peer has not said"},
		{"the peer has refused", Initiator, []logPart{{Posted: true}, {Over: refused}}, ""},
		{"the peer had refused before", Initiator, []logPart{{Posted: true}, {Over: refused}, {Steps: steps(1)}}, ""},
		{"the peer has ended well", Initiator, []logPart{{Posted: true}, {Over: over}}, "ended well"},
		{"the peer had ended well before", Initiator, []logPart{{Posted: true}, {Over: over}, {Steps: steps(1)}}, "ended well"},
		{"a servicer has spoken", Servicer, []logPart{{Posted: true}, {Over: over}}, ""},
		{"a server was asked", Servicer, []logPart{{Steps: steps(1, 2), Open: &loggedAt{N: 3}}}, "a server was asked"},
		{"a server was only looked at", Servicer, []logPart{{Steps: steps(1, 2), Open: &loggedAt{N: 3, Reads: true}}}, ""},
		{"a server was asked and has answered", Servicer, []logPart{{Open: &loggedAt{N: 1}}, {Steps: steps(1)}}, ""},
		{"a server has answered, and the next was asked", Servicer, []logPart{{Open: &loggedAt{N: 1}}, {Steps: steps(1), Open: &loggedAt{N: 2}}}, "a server was asked"},
		{"the same was written down again", Servicer, []logPart{{Steps: steps(1, 2), Open: &loggedAt{N: 2}}}, ""},
	} {
		if got := unanswered(row.side, row.parts); (got == "") != (row.want == "") || !strings.Contains(got, row.want) {
			t.Errorf("%s: %q", row.name, got)
		}
	}
}
