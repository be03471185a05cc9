//go:build linux

package host_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/host"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

func TestNothingIsStartedToKnowABundle(t *testing.T) {
	b := load(t, newHost(t, nil), source(t, "thing"))
	p := b.Protocols(comm.Vendor)[0]
	if got := b.Classes(comm.Vendor)[0].Info(); !cmp.Equal(got, thing{}.Info()) {
		t.Error(cmp.Diff(got, thing{}.Info()))
	}
	if p.Info() != (do{}).Info() || !p.CompatibleWith("thing") || p.CompatibleWith("other") {
		t.Errorf("the protocol describes itself as %+v", p.Info())
	}
	if got := p.Operations("thing", comm.Bank); !cmp.Equal(got, do{}.Operations("thing", comm.Bank)) {
		t.Errorf("operations = %v", got)
	}
	if len(p.Operations("other", comm.Bank)) != 0 || len(b.Classes("stranger")) != 0 {
		t.Error("something is there for a class or role that was not described")
	}
	if b.Status().Running {
		t.Error("the plugin was started")
	}
}

func TestAPlainOperationIsOneExchange(t *testing.T) {
	b := load(t, newHost(t, nil), source(t, "thing"))
	begun := begin(t, "PLAIN")
	exchanges := 0
	var got []protocol.Step
	err := stepperOf(t, b).RunSteps(t.Context(), begun, doorFunc(func(steps []protocol.Step) (protocol.Answer, error) {
		exchanges++
		got = steps
		return protocol.Answer{Now: noon, Done: true}, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	written := begun.Leased[0].Clone()
	written.Status = "done"
	if exchanges != 1 || len(got) != 2 {
		t.Fatalf("%d exchanges, %d steps", exchanges, len(got))
	}
	if want := (protocol.Step{N: 1, Kind: protocol.StepUpdate, Writes: []instrument.Instance{written}}); !cmp.Equal(got[0], want) {
		t.Error(cmp.Diff(got[0], want))
	}
}

// What a plugin does must not hang on whether it runs in process.
func TestAPluginTakesTheStepsThatTheSameCodeTakesInProcess(t *testing.T) {
	b := load(t, newHost(t, nil), source(t, "thing"))
	for _, operation := range []string{"PLAIN", "TALK", "PEEK", "UNHEARD"} {
		t.Run(operation, func(t *testing.T) {
			begun := begin(t, operation)
			script := func(into *[][]protocol.Step) protocol.Door {
				return doorFunc(func(steps []protocol.Step) (protocol.Answer, error) {
					*into = append(*into, steps)
					if steps[len(steps)-1].Kind == protocol.StepResult {
						return protocol.Answer{Now: noon, Done: true}, nil
					}
					return protocol.Answer{Now: noon, Message: json.RawMessage(`"pong"`)}, nil
				})
			}
			var here, there [][]protocol.Step
			if err := protocol.Run(t.Context(), do{}, begun, script(&here), discard()); err != nil {
				t.Fatal(err)
			}
			if err := stepperOf(t, b).RunSteps(t.Context(), begun, script(&there)); err != nil {
				t.Fatal(err)
			}
			if !cmp.Equal(there, here, sameFault) {
				t.Error(cmp.Diff(there, here, sameFault))
			}
		})
	}
}

func TestARewindRunsTheCodeAgainFromTheTop(t *testing.T) {
	b := load(t, newHost(t, nil), source(t, "thing"))
	begun := begin(t, "PLAIN")
	again := begun
	again.Outcomes = map[int]*fault.Fault{1: fault.New(fault.Conflict, "the serial is taken").Because("serial-taken")}
	var ends []protocol.Step
	err := stepperOf(t, b).RunSteps(t.Context(), begun, doorFunc(func(steps []protocol.Step) (protocol.Answer, error) {
		ends = append(ends, steps[len(steps)-1])
		if len(ends) == 1 {
			return protocol.Answer{Now: noon, Rewind: &again}, nil
		}
		return protocol.Answer{Now: noon, Done: true}, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	if len(ends) != 2 || ends[0].Fault != nil || fault.ReasonOf(ends[1].Fault) != "serial-taken" {
		t.Errorf("ends = %+v", ends)
	}
}

func TestTwoHundredOperationsShareOneStream(t *testing.T) {
	b := load(t, newHost(t, nil), source(t, "thing"))
	p := stepperOf(t, b)
	const operations = 200
	together := make(chan struct{})
	var arrived, ended sync.WaitGroup
	arrived.Add(operations)
	errs := make(chan error, operations)
	for n := range operations {
		begun := begin(t, "TALK")
		begun.Peer.Name = fmt.Sprint("peer ", n)
		met := false
		ended.Go(func() {
			errs <- p.RunSteps(t.Context(), begun, doorFunc(func(steps []protocol.Step) (protocol.Answer, error) {
				if !met { // all are in the middle at the same time
					met = true
					arrived.Done()
					<-together
				}
				last := steps[len(steps)-1]
				if last.Kind == protocol.StepResult {
					if want := fmt.Sprintf(`["peer %d 0","peer %d 1"]`, n, n); string(last.Result.Value) != want {
						return protocol.Answer{}, fmt.Errorf("%s, want %s", last.Result.Value, want)
					}
					return protocol.Answer{Now: noon, Done: true}, nil
				}
				return protocol.Answer{Now: noon, Message: steps[0].Body}, nil
			}))
		})
	}
	arrived.Wait()
	close(together)
	ended.Wait()
	for range operations {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if got := b.Status().Restarts; got != 0 {
		t.Errorf("%d restarts", got)
	}
}

func TestALongResponseComesInParts(t *testing.T) {
	b := load(t, newHost(t, nil), source(t, "thing"))
	for _, length := range []int{1, 256 << 10, 256<<10 + 1, 9 << 20} {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			body := bytes.Repeat([]byte("x"), length)
			body[length-1] = '!'
			var end protocol.Step
			err := stepperOf(t, b).RunSteps(t.Context(), begin(t, "FETCH"), doorFunc(func(steps []protocol.Step) (protocol.Answer, error) {
				if end = steps[0]; end.Kind == protocol.StepFetch {
					return protocol.Answer{Now: noon, Response: &protocol.Response{Status: 200, Body: body}}, nil
				}
				return protocol.Answer{Now: noon, Done: true}, nil
			}))
			if err != nil {
				t.Fatal(err)
			}
			if want := fmt.Sprintf(`{"last":33,"length":%d,"status":200}`, length); string(end.Result.Value) != want {
				t.Errorf("%s, want %s", end.Result.Value, want)
			}
		})
	}
}

func TestEndsThatAreNoResult(t *testing.T) {
	b := load(t, newHost(t, nil), source(t, "thing"))
	gone := errors.New("the database is gone")
	for name, row := range map[string]struct {
		operation string
		answer    protocol.Answer
		err       error
		want      error
	}{
		"the host suspends":           {"TALK", protocol.Answer{Suspended: true}, nil, fault.Suspended},
		"the door fails":              {"TALK", protocol.Answer{}, gone, gone},
		"the result cannot be stored": {"PLAIN", protocol.Answer{Fault: fault.New(fault.Internal, "disk full").Because("disk-full")}, nil, fault.New(fault.Internal, "").Because("disk-full")},
		"what is needed is too long":  {"FETCH", protocol.Answer{Message: json.RawMessage(`"` + strings.Repeat("x", 5<<20) + `"`)}, nil, fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			err := stepperOf(t, b).RunSteps(t.Context(), begin(t, row.operation), doorFunc(func([]protocol.Step) (protocol.Answer, error) {
				return row.answer, row.err
			}))
			if !errors.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
			}
			perform(t, b, "PLAIN", nil)
			if b.Status().Restarts != 0 {
				t.Error("the plugin was restarted")
			}
		})
	}
}

func TestACallerThatGoesLeavesThePluginAlone(t *testing.T) {
	b := load(t, newHost(t, nil), source(t, "thing"))
	ctx, cancel := context.WithCancel(t.Context())
	err := stepperOf(t, b).RunSteps(ctx, begin(t, "FETCH"), doorFunc(func([]protocol.Step) (protocol.Answer, error) {
		cancel()
		return protocol.Answer{}, ctx.Err()
	}))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
	hung, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- stepperOf(t, b).RunSteps(hung, begin(t, "HANG"), &outcome{}) }()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
	perform(t, b, "PLAIN", nil)
}

func TestInstancesOfOtherBundlesStayOutside(t *testing.T) {
	b := load(t, newHost(t, nil), source(t, "thing"))
	foreign := begin(t, "PLAIN")
	foreign.Leased[0].Class = "payment-card"
	if err := stepperOf(t, b).RunSteps(t.Context(), foreign, &outcome{}); !errors.Is(err, fault.Denied) {
		t.Errorf("a leased card: %v", err)
	}
	read := begin(t, "PEEK")
	card := read.Leased[0]
	card.Class = "payment-card"
	read.Leased = nil
	var end protocol.Step
	err := stepperOf(t, b).RunSteps(t.Context(), read, doorFunc(func(steps []protocol.Step) (protocol.Answer, error) {
		if end = steps[0]; end.Kind == protocol.StepGet {
			return protocol.Answer{Now: noon, Instance: &card}, nil
		}
		return protocol.Answer{Now: noon, Done: true}, nil
	}))
	if err != nil || fault.ReasonOf(end.Fault) != "class-not-granted" {
		t.Errorf("error = %v, end = %+v", err, end)
	}
}

func TestClassesAreAskedThroughTheDoor(t *testing.T) {
	b := load(t, newHost(t, nil), source(t, "thing"))
	c := b.Classes(comm.Bank)[0]
	instance := func(check string) *instrument.Instance {
		i := begin(t, "PLAIN").Leased[0]
		if err := i.Encode(thingState{Check: check}); err != nil {
			t.Fatal(err)
		}
		return &i
	}
	if err := c.Check(nil, instance("")); err != nil {
		t.Error(err)
	}
	err := c.Check(instance(""), instance("refuse"))
	if want := fault.New(fault.Declined, "no such thing").Because("thing-refused").WithHint("take another"); !cmp.Equal(fault.From(err), want, sameFault) {
		t.Errorf("refusal = %+v", err)
	}
	if err := c.Check(nil, instance("panic")); fault.ReasonOf(err) != "plugin-crashed" {
		t.Errorf("panic = %v", err)
	}
	for name, row := range map[string]struct {
		circumstances instrument.Circumstances
		want          string
		kind          fault.Kind
	}{
		"first":            {instrument.Circumstances{}, "a", 0},
		"liked":            {instrument.Circumstances{Preferences: []string{"b"}, Amount: instrument.Amount{Currency: "CHF", Value: 3}}, "b", 0},
		"refused":          {instrument.Circumstances{Device: "picky"}, "", fault.Unsupported},
		"not on the table": {instrument.Circumstances{Device: "liar"}, "", fault.Unsupported},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.Prefer([]string{"a", "b"}, row.circumstances)
			if got != row.want || fault.KindOf(err) != row.kind {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestAHungCheckHoldsNobodyUp(t *testing.T) {
	b := load(t, newHost(t, func(o *host.Options) { o.Question = time.Second }), source(t, "thing"))
	hung := begin(t, "PLAIN").Leased[0]
	if err := hung.Encode(thingState{Check: "hang"}); err != nil {
		t.Fatal(err)
	}
	refused := make(chan error)
	go func() { refused <- b.Classes(comm.Bank)[0].Check(nil, &hung) }()
	for answered := false; !answered; {
		perform(t, b, "PLAIN", nil)
		select {
		case err := <-refused:
			answered = true
			if !errors.Is(err, fault.Unavailable) || fault.ReasonOf(err) != "plugin-slow" {
				t.Errorf("Check = %v", err)
			}
		default:
		}
	}
	if b.Status().Restarts != 0 {
		t.Error("the plugin was restarted")
	}
}

func TestTwoBundlesOfOneNameAreRefused(t *testing.T) {
	h := newHost(t, nil)
	load(t, h, source(t, "thing"))
	if _, err := h.Load(source(t, "thing")); !errors.Is(err, fault.Conflict) {
		t.Errorf("error = %v", err)
	}
}

func TestABundleWithoutDescriptionIsAskedOnce(t *testing.T) {
	h := newHost(t, nil)
	s := source(t, "thing")
	s.Description = nil
	b := load(t, h, s)
	if !cmp.Equal(b.Description(), sdk.Describe(thingBundle)) {
		t.Error(cmp.Diff(b.Description(), sdk.Describe(thingBundle)))
	}
	if b.Status().Running {
		t.Error("it still runs")
	}
}
