//go:build linux

package host_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// What the host has told ahead, a plugin does not ask for; to the door it is a step like any other,
// and what comes behind it comes only if it was answered so.
func TestAStepThatWasAnsweredAhead(t *testing.T) {
	b := load(t, newHost(t, nil), source(t, "thing"))
	for name, row := range map[string]struct {
		class  instrument.ClassID
		answer func(*instrument.Instance) protocol.Answer
		want   string
		reason fault.Reason
	}{
		"as it was told": {"thing", func(i *instrument.Instance) protocol.Answer { return protocol.Answer{Now: noon, Instance: i} }, "[[Get] [the result]]", ""},
		"another version": {"thing", func(i *instrument.Instance) protocol.Answer {
			other := *i
			other.Version++
			return protocol.Answer{Now: noon, Instance: &other}
		}, "[[Get]]", "ahead-differs"},
		"another time": {"thing", func(i *instrument.Instance) protocol.Answer {
			return protocol.Answer{Now: noon.Add(1), Instance: i}
		}, "[[Get]]", "ahead-differs"},
		"a refusal": {"thing", func(*instrument.Instance) protocol.Answer {
			return protocol.Answer{Now: noon, Fault: fault.New(fault.NotFound, "gone")}
		}, "[[Get]]", "ahead-differs"},
		"the end of this life": {"thing", func(*instrument.Instance) protocol.Answer { return protocol.Answer{Suspended: true} }, "[[Get]]", ""},
		"of a class that is not its own": {"payment-card", func(i *instrument.Instance) protocol.Answer {
			return protocol.Answer{Now: noon, Instance: i}
		}, "[[Get] [the result]]", ""},
	} {
		t.Run(name, func(t *testing.T) {
			begun := begin(t, "PEEK")
			i := begun.Leased[0]
			i.Class = row.class
			begun.Leased, begun.Ahead = nil, &protocol.Ahead{Now: noon, Instance: &i}
			var got [][]string
			err := stepperOf(t, b).RunSteps(t.Context(), begun, doorFunc(func(steps []protocol.Step) (protocol.Answer, error) {
				var kinds []string
				for _, st := range steps {
					kinds = append(kinds, st.Kind.String())
				}
				got = append(got, kinds)
				if steps[0].Kind == protocol.StepGet {
					return row.answer(&i), nil
				}
				if refused := steps[0].Fault != nil; refused != (row.class != "thing") {
					t.Errorf("the plugin ends with %v", steps[0].Fault)
				}
				return protocol.Answer{Now: noon, Done: true}, nil
			}))
			if fmt.Sprint(got) != row.want || fault.ReasonOf(err) != row.reason || (err == nil) != (row.want != "[[Get]]") {
				t.Errorf("%v reached the door, %v", got, err)
			}
		})
	}
}

// A rewind tells ahead what the code reads when it runs again.
func TestARewindTellsAhead(t *testing.T) {
	b := load(t, newHost(t, nil), source(t, "thing"))
	begun := begin(t, "PEEK")
	i := begun.Leased[0]
	begun.Leased = nil
	turns := 0
	err := stepperOf(t, b).RunSteps(t.Context(), begun, doorFunc(func(steps []protocol.Step) (protocol.Answer, error) {
		turns++
		switch {
		case turns == 1:
			again := begun
			again.Ahead = &protocol.Ahead{Now: noon, Instance: &i}
			return protocol.Answer{Rewind: &again}, nil
		case steps[0].Kind == protocol.StepGet:
			return protocol.Answer{Now: noon, Instance: &i}, nil
		}
		return protocol.Answer{Now: noon, Done: true}, nil
	}))
	if err != nil || turns != 3 {
		t.Errorf("%d exchanges, %v", turns, err)
	}
}

// Only what was told ahead may be asked in the middle.
func TestAFrameThatAsksWhatItWasNotTold(t *testing.T) {
	for name, ahead := range map[string]*protocol.Ahead{
		"an instance, not a message": {Now: noon, Instance: &instrument.Instance{ID: newID(t), Class: "thing", Version: 1}},
		"an empty message":           {Now: noon},
	} {
		t.Run(name, func(t *testing.T) {
			b := load(t, newHost(t, nil), source(t, "rogue", "asking-middle"))
			begun, asked := begin(t, "PLAIN"), false
			begun.Ahead = ahead
			err := stepperOf(t, b).RunSteps(t.Context(), begun, witness(&asked))
			if !errors.Is(err, fault.Unavailable) || fault.ReasonOf(err) != "plugin-misbehaved" || asked {
				t.Errorf("error = %v, asked: %v", err, asked)
			}
		})
	}
}

// A plugin that asks all the same, as older ones do, is answered.
func TestAPluginThatIsToldInVain(t *testing.T) {
	b := load(t, newHost(t, nil), source(t, "thing"))
	begun := begin(t, "TALK")
	begun.Ahead = &protocol.Ahead{Now: noon, Message: []byte(`"early"`)} // and it sends something first
	var got []string
	err := stepperOf(t, b).RunSteps(t.Context(), begun, doorFunc(func(steps []protocol.Step) (protocol.Answer, error) {
		for _, st := range steps {
			got = append(got, st.Kind.String())
		}
		if last := steps[len(steps)-1]; last.Kind == protocol.StepResult {
			if string(last.Result.Value) != `["late","late"]` {
				t.Errorf("it has heard %s", last.Result.Value)
			}
			return protocol.Answer{Now: noon, Done: true}, nil
		}
		return protocol.Answer{Now: noon, Message: []byte(`"late"`)}, nil
	}))
	if err != nil || fmt.Sprint(got) != "[Send Recv Send Recv the result]" {
		t.Errorf("%v, %v", got, err)
	}
}
