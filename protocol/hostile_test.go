package protocol_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// TestCodeBreaksRules is about code that does what it must not.
func TestCodeBreaksRules(t *testing.T) {
	for _, c := range []struct {
		name   string
		code   side
		kind   fault.Kind
		reason fault.Reason
	}{
		{"a session call inside an Update", func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			return text("x"), s.Update(ctx, func(instrument.Tx) error { return s.Send(ctx, 1) })
		}, fault.Internal, "session-misused"},
		{"an Update inside an Update", func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			return text("x"), s.Update(ctx, func(instrument.Tx) error { return s.Update(ctx, add(c.Main(), 1)) })
		}, fault.Internal, "session-misused"},
		{"a second goroutine", func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			told := make(chan error)
			err := s.Update(ctx, func(instrument.Tx) error {
				go func() { told <- s.Recv(ctx, nil) }()
				return <-told
			})
			return text("x"), err
		}, fault.Internal, "session-misused"},
		{"a Tx after its Update", func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			var kept instrument.Tx
			if err := s.Update(ctx, func(tx instrument.Tx) error { kept = tx; return nil }); err != nil {
				return protocol.Result{}, err
			}
			_, err := kept.Get("00000000000000000000000000")
			return text("x"), err
		}, fault.Internal, "session-misused"},
		{"a Put over a version that was not read", func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			return text("x"), s.Update(ctx, func(tx instrument.Tx) error {
				i, err := tx.Get(c.Main())
				i.Version++
				return errors.Join(err, tx.Put(i))
			})
		}, fault.Internal, ""},
		{"too many steps", func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			for {
				if err := s.Update(ctx, add(c.Main(), 1)); err != nil {
					return protocol.Result{}, err
				}
			}
		}, fault.Internal, "too-many-steps"},
		{"a result that is too large", func(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
			return text(strings.Repeat("x", 400<<10)), nil
		}, fault.Internal, "result-too-large"},
		{"a result that is not JSON", func(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
			return protocol.Result{Value: []byte("{")}, nil
		}, fault.Internal, "result-malformed"},
		{"a goroutine that is taken away", func(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
			runtime.Goexit()
			return protocol.Result{}, nil
		}, fault.Internal, "steps-broken"},
		{"a word that never leaves the process", func(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
			return protocol.Result{}, fault.New(fault.Suspended, "I suspend myself")
		}, fault.Internal, ""},
		{"a question to nobody", func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			_, err := s.Ask(ctx, protocol.Prompt{Text: "?"})
			return protocol.Result{}, err
		}, fault.Unsupported, "no-person"},
		{"a message to nobody", func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			return protocol.Result{}, s.Send(ctx, 1)
		}, fault.Unsupported, "no-peer"},
		{"a message from nobody", func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			return protocol.Result{}, s.Recv(ctx, nil)
		}, fault.Unsupported, "no-peer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(does(c.code)), Unchecked: true})
			id := n.Create(t, instance("purse", state{}))[0]
			_, err := do(t, n, call("DO", id))
			if err == nil {
				t.Fatal("it was let through")
			}
			wants(t, err, c.kind, c.reason)
			if number(t, n, id) != 0 {
				t.Errorf("it left %d", number(t, n, id))
			}
			clean(t, n)
		})
	}
}

// stepper is a protocol whose code hands over steps by itself, like a plugin
// that is defective or hostile.
type stepper struct {
	script
	run func(ctx context.Context, b protocol.Begin, d protocol.Door) error
}

func (s stepper) RunSteps(ctx context.Context, b protocol.Begin, d protocol.Door) error {
	return s.run(ctx, b, d)
}

func TestHostileSteps(t *testing.T) {
	result := protocol.Step{N: 1, Kind: protocol.StepResult, Result: &protocol.Result{}}
	one := func(steps ...protocol.Step) func(context.Context, protocol.Begin, protocol.Door) error {
		return func(ctx context.Context, _ protocol.Begin, d protocol.Door) error {
			_, err := d.Exchange(ctx, steps)
			return err
		}
	}
	told := func(st protocol.Step) func(context.Context, protocol.Begin, protocol.Door) error {
		return func(ctx context.Context, _ protocol.Begin, d protocol.Door) error {
			a, err := d.Exchange(ctx, []protocol.Step{st})
			if a.Fault == nil {
				return err
			}
			return a.Fault
		}
	}
	for _, c := range []struct {
		name   string
		run    func(context.Context, protocol.Begin, protocol.Door) error
		reason fault.Reason
	}{
		{"no steps", one(), "steps-broken"},
		{"a number left out", one(protocol.Step{N: 2, Kind: protocol.StepRecv}), "steps-broken"},
		{"a result in the middle", one(result, protocol.Step{N: 2, Kind: protocol.StepRecv}), "steps-broken"},
		{"nothing that asks", one(protocol.Step{N: 1, Kind: protocol.StepUpdate}), "steps-broken"},
		{"an unknown kind that asks", one(protocol.Step{N: 1, Kind: 99}), "steps-broken"},
		{"an unknown kind that rides", one(protocol.Step{N: 1, Kind: 0}, protocol.Step{N: 2, Kind: protocol.StepResult}), "steps-broken"},
		{"a request without content", one(protocol.Step{N: 1, Kind: protocol.StepFetch}), "steps-broken"},
		{"a question without content", one(protocol.Step{N: 1, Kind: protocol.StepAsk}), "steps-broken"},
		{"a search without content", told(protocol.Step{N: 1, Kind: protocol.StepFind}), "class-not-granted"},
		{"a search in another's class", told(protocol.Step{N: 1, Kind: protocol.StepFind, Find: &protocol.Lookup{Class: "foreign", Key: "tag", Value: "x"}}), "class-not-granted"},
		{"steps without end", func(ctx context.Context, b protocol.Begin, d protocol.Door) error {
			for n := 1; n < 2000; n++ {
				if _, err := d.Exchange(ctx, []protocol.Step{{N: n, Kind: protocol.StepGet, Get: b.Leased[0].ID}}); err != nil {
					return err
				}
			}
			return nil
		}, "too-many-steps"},
		{"another's instrument under a class of its own", func(ctx context.Context, b protocol.Begin, d protocol.Door) error {
			write := protocol.Step{N: 1, Kind: protocol.StepUpdate, Writes: []instrument.Instance{{
				ID: instrument.ID(b.Call.Invoice["foreign"]), Class: "purse", Status: "open", Version: 1, State: b.Leased[0].State,
			}}}
			a, err := d.Exchange(ctx, []protocol.Step{write, {N: 2, Kind: protocol.StepResult, Result: &protocol.Result{}}})
			if err != nil || a.Rewind == nil || a.Rewind.Outcomes[1] == nil {
				return fmt.Errorf("no refusal: %+v, %v", a, err)
			}
			return a.Rewind.Outcomes[1]
		}, "identity-changed"},
		{"an end without a result", func(context.Context, protocol.Begin, protocol.Door) error { return nil }, "steps-broken"},
		{"a step after the end", func(ctx context.Context, _ protocol.Begin, d protocol.Door) error {
			if _, err := d.Exchange(ctx, []protocol.Step{result}); err != nil {
				return err
			}
			if _, err := d.Exchange(ctx, []protocol.Step{{N: 2, Kind: protocol.StepRecv}}); fault.ReasonOf(err) != "steps-broken" {
				t.Errorf("a step after the end was answered: %v", err)
			}
			return nil
		}, ""},
		{"other steps after a rewind", func(ctx context.Context, b protocol.Begin, d protocol.Door) error {
			update := func(n int) protocol.Step {
				i := b.Leased[0].Clone()
				if err := i.Encode(state{N: n}); err != nil {
					return protocol.Step{}
				}
				return protocol.Step{N: 1, Kind: protocol.StepUpdate, Writes: []instrument.Instance{i}}
			}
			fetch := protocol.Step{N: 2, Kind: protocol.StepFetch, Fetch: &protocol.Request{Address: b.Leased[0].ID, Path: "/"}}
			if _, err := d.Exchange(ctx, []protocol.Step{update(1), fetch}); err != nil { // durable now
				return err
			}
			bad := protocol.Step{N: 3, Kind: protocol.StepUpdate, Writes: []instrument.Instance{{Class: "foreign"}}}
			a, err := d.Exchange(ctx, []protocol.Step{bad, {N: 4, Kind: protocol.StepResult}})
			if err != nil || a.Rewind == nil {
				return fmt.Errorf("no rewind: %+v, %v", a, err)
			}
			_, err = d.Exchange(ctx, []protocol.Step{update(2), fetch})
			return err
		}, "steps-broken"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var srv server
			var log bytes.Buffer
			b := append(bundles(stepper{run: c.run}), protocol.Bundle{Name: "other", Classes: []instrument.Class{class{id: "foreign"}}})
			n := protocoltest.NewNode(t, protocoltest.Options{Fetch: srv.fetch, Bundles: b, Log: slog.New(slog.NewTextHandler(&log, nil))})
			ids := n.Create(t, instance("purse", state{URL: "https://example.org"}), instance("foreign", state{}))
			asked := call("DO", ids[0])
			asked.Invoice = instrument.Invoice{"foreign": string(ids[1])}
			_, err := do(t, n, asked)
			if got := fault.ReasonOf(err); got != c.reason {
				t.Errorf("the error is %v (%q), wanted %q", err, got, c.reason)
			}
			if len(srv.seen()) > 1 {
				t.Error("something was sent twice")
			}
		})
	}
}
