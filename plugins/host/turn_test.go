//go:build linux

package host_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/host"
	"github.com/swaperoo/swaperoo/protocol"
)

func shortTurns(o *host.Options) { o.Turn = time.Second }

// An operation that does nothing more does not keep its process from looking
// healthy. It is ended, and the next one finds a new process.
func TestAnOperationThatHangsEndsThePlugin(t *testing.T) {
	for name, row := range map[string]struct {
		operation string
		door      protocol.Door
	}{
		"at once": {"HANG", &outcome{}},
		"after an answer": {"WAIT", doorFunc(func([]protocol.Step) (protocol.Answer, error) {
			return protocol.Answer{Now: noon, Message: []byte(`1`)}, nil
		})},
		"after an empty answer": {"WAIT", doorFunc(func([]protocol.Step) (protocol.Answer, error) { return protocol.Answer{Now: noon}, nil })},
	} {
		t.Run(name, func(t *testing.T) {
			b := load(t, newHost(t, shortTurns), source(t, "thing"))
			err := stepperOf(t, b).RunSteps(t.Context(), begin(t, row.operation), row.door)
			if !errors.Is(err, fault.Unavailable) || fault.ReasonOf(err) != "plugin-hung" {
				t.Errorf("error = %v", err)
			}
			healthy(t, b)
			if b.Status().Restarts == 0 {
				t.Error("it was not started again")
			}
		})
	}
}

// What is told to a plugin waits for it to read: one that answers whether it lives and reads
// nothing would hold up all who have something to tell it.
func TestAPluginThatReadsNothingIsEnded(t *testing.T) {
	b := load(t, newHost(t, shortTurns), source(t, "rogue", "deaf"))
	err := stepperOf(t, b).RunSteps(t.Context(), begin(t, "PLAIN"), doorFunc(func([]protocol.Step) (protocol.Answer, error) {
		return protocol.Answer{Now: noon, Response: &protocol.Response{Status: 200, Body: make([]byte, 32<<20)}}, nil
	}))
	if !errors.Is(err, fault.Unavailable) || fault.ReasonOf(err) != "plugin-hung" {
		t.Errorf("error = %v", err)
	}
}

// leaving is a caller that goes as soon as it waits for the plugin: the first who
// looks whether it is still there sends it the operation, the second waits.
type leaving struct {
	context.Context
	looked atomic.Int32
	leave  context.CancelFunc
}

func (l *leaving) Done() <-chan struct{} {
	if l.looked.Add(1) == 2 {
		l.leave()
	}
	return l.Context.Done()
}

// Nobody waits for it any more, and it would sit in its process for ever.
func TestAnOperationThatHangsIsFoundWhenItsCallerHasGone(t *testing.T) {
	b := load(t, newHost(t, shortTurns), source(t, "thing"))
	healthy(t, b)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := stepperOf(t, b).RunSteps(&leaving{Context: ctx, leave: cancel}, begin(t, "HANG"), &outcome{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the caller: %v", err)
	}
	for b.Status().Restarts == 0 && t.Context().Err() == nil {
		_ = stepperOf(t, b).RunSteps(t.Context(), begin(t, "PLAIN"), &outcome{}) // may be in the middle when the end comes
	}
	healthy(t, b)
}

// How long the house takes for its answer is not the plugin's time.
// A plugin that is too slow for its own turn, on a machine that is, gets a longer one.
func TestOurOwnTimeIsNotThePlugins(t *testing.T) {
	for turn := time.Second; !outlivesOurTime(t, turn); turn *= 2 {
		if turn > 8*time.Second {
			t.Fatal("whoever waits for us for longer than its turn is ended")
		}
	}
}

func outlivesOurTime(t *testing.T, turn time.Duration) bool {
	t.Helper()
	b := load(t, newHost(t, func(o *host.Options) { o.Turn = turn }), source(t, "thing"))
	err := stepperOf(t, b).RunSteps(t.Context(), begin(t, "FETCH"), doorFunc(func(steps []protocol.Step) (protocol.Answer, error) {
		if steps[0].Kind == protocol.StepFetch {
			<-time.After(turn * 3 / 2)
			return protocol.Answer{Now: noon, Response: &protocol.Response{Status: 200, Body: []byte("x")}}, nil
		}
		return protocol.Answer{Now: noon, Done: true}, nil
	}))
	if err != nil && fault.ReasonOf(err) != "plugin-hung" {
		t.Fatal(err)
	}
	return err == nil && b.Status().Restarts == 0
}
