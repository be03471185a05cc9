//go:build linux

package host_test

import (
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/host"
	"github.com/swaperoo/swaperoo/protocol"
)

// put runs PLAIN, which changes one thing, and asks the class about that change as
// often as told, as the managers do.
func put(t *testing.T, b *host.Bundle, begun protocol.Begin, class instrument.Class, times int) (refusal error) {
	t.Helper()
	err := stepperOf(t, b).RunSteps(t.Context(), begun, doorFunc(func(steps []protocol.Step) (protocol.Answer, error) {
		after := steps[0].Writes[0].Clone()
		after.Version++
		for range times {
			refusal = class.Check(&begun.Leased[0], &after)
		}
		return protocol.Answer{Now: noon, Done: true}, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	return refusal
}

// What a class has allowed in the plugin is not asked through the door again: once,
// and for this change alone.
func TestAChangeIsAllowedAhead(t *testing.T) {
	b := load(t, newHost(t, nil), source(t, "thing"))
	class := b.Classes(comm.Client)[0]
	asked := func(do func()) int {
		t.Helper()
		var before, after int
		perform(t, b, "CHECKS", &before)
		do()
		perform(t, b, "CHECKS", &after)
		return after - before
	}
	for name, row := range map[string]struct {
		do   func()
		want int
	}{
		"its change":        {func() { _ = put(t, b, begin(t, "PLAIN"), class, 1) }, 1},
		"its change, twice": {func() { _ = put(t, b, begin(t, "PLAIN"), class, 2) }, 2},
		"another change": {func() {
			begun := begin(t, "PLAIN")
			begun.Leased[0].Name = "another"
			_ = put(t, b, begun, other{class}, 1)
		}, 2},
		"in the view of another role": {func() { _ = put(t, b, begin(t, "PLAIN"), b.Classes(comm.Bank)[0], 1) }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			if got := asked(row.do); got != row.want {
				t.Errorf("the class was asked %d times, not %d", got, row.want)
			}
		})
	}
}

// other asks about another change than the one that was made.
type other struct{ instrument.Class }

func (o other) Check(before, after *instrument.Instance) error {
	after.Status = "new"
	return o.Class.Check(before, after)
}

// What a class does not allow ahead is the host's to ask, with its own patience.
func TestWhatIsNotAllowedAheadIsAsked(t *testing.T) {
	for check, want := range map[string]fault.Reason{"refuse": "thing-refused", "panic": "plugin-crashed", "hang": "plugin-slow"} {
		t.Run(check, func(t *testing.T) {
			b := load(t, newHost(t, func(o *host.Options) {
				if check == "hang" { // the others are waited for as long as they need
					o.Question = time.Second
				}
			}), source(t, "thing"))
			begun := begin(t, "PLAIN")
			if err := begun.Leased[0].Encode(thingState{Check: check}); err != nil {
				t.Fatal(err)
			}
			if err := put(t, b, begun, b.Classes(comm.Client)[0], 1); fault.ReasonOf(err) != want {
				t.Errorf("%v", err)
			}
		})
	}
}
