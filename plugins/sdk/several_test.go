package sdk_test

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

// counts is an operation that settles its answer into the instrument.
func counts(name string) sdk.Simple {
	o := ticket
	o.Operation = name
	o.Settle = func(i *instrument.Instance, answer json.RawMessage) error {
		if string(answer) == `"nonsense"` {
			return fault.New(fault.Unknown, "nonsense").Because("answer-malformed")
		}
		i.State = answer
		return nil
	}
	return o
}

func TestSeveralOperationsOnOneClass(t *testing.T) {
	p := sdk.Several{counts("SHOW"), counts("COUNT")}
	if p.Info() != ticket.Info() || !p.CompatibleWith("ticket") || p.CompatibleWith("coupon") {
		t.Errorf("it is %+v", p.Info())
	}
	if ops := p.Operations("ticket", comm.Vendor); len(ops) != 2 || ops[1].Name != "COUNT" || !ops[1].Messages {
		t.Errorf("it has %+v", ops)
	}
	if p.Operations("ticket", "") != nil || p.Operations("coupon", comm.Vendor) != nil {
		t.Error("it has operations without a peer, or of another class")
	}
	if _, err := p.DoOperation(t.Context(), nil, protocol.Call{Operation: "EAT"}); fault.KindOf(err) != fault.Unsupported {
		t.Errorf("got %v", err)
	}
}

func TestTheAnswerIsSettledIntoTheInstrument(t *testing.T) {
	for answer, want := range map[string]struct {
		state  string
		reason fault.Reason
	}{`{"left":2}`: {`{"left":2}`, ""}, `"nonsense"`: {"", "answer-malformed"}} {
		b := protocol.Begin{
			Side: protocol.Initiator, Call: protocol.Call{Operation: "COUNT", Class: "ticket", Instruments: []instrument.ID{"t"}}, Seed: make([]byte, 32), Now: time.Unix(1, 0),
			Leased: []instrument.Instance{{ID: "t", Class: "ticket", Status: "new", Version: 4, State: json.RawMessage(`{"left":3}`)}},
		}
		s := &script{answers: []protocol.Answer{{Message: json.RawMessage(answer)}}}
		if err := protocol.Run(t.Context(), sdk.Several{counts("SHOW"), counts("COUNT")}, b, s, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		last := s.steps[len(s.steps)-1]
		if want.reason != "" {
			if last.Fault == nil || last.Fault.Reason != want.reason {
				t.Errorf("%s ended with %+v", answer, last)
			}
			continue
		}
		if w := s.steps[len(s.steps)-2].Writes[0]; w.Status != "used" || string(w.State) != want.state {
			t.Errorf("the ticket became %s %s", w.Status, w.State)
		}
	}
}

func TestAClassMayChooseItself(t *testing.T) {
	both := []string{"a", "b"}
	if got, err := (sdk.Class{}).Prefer(both, instrument.Circumstances{Preferences: []string{"b"}}); got != "b" || err != nil {
		t.Errorf("without a word of its own it prefers %s, %v", got, err)
	}
	own := sdk.Class{Choose: func([]string, instrument.Circumstances) (string, error) { return "a", nil }}
	if got, err := own.Prefer(both, instrument.Circumstances{Preferences: []string{"b"}}); got != "a" || err != nil {
		t.Errorf("with one it prefers %s, %v", got, err)
	}
}
