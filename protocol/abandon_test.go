package protocol_test

import (
	"context"
	"errors"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// TestAbandon: an operation is given up only when nothing of value can be
// outside.
func TestAbandon(t *testing.T) {
	post := func(method string) func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		return func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			if err := s.Update(ctx, add(c.Main(), 1)); err != nil {
				return protocol.Result{}, err
			}
			_, err := s.Fetch(ctx, protocol.Request{Address: c.Main(), Method: method, Path: "/", Repeat: true})
			return text("done"), err
		}
	}
	for _, c := range []struct {
		name    string
		code    side
		outside []string
		reason  fault.Reason
	}{
		{"a server was asked to do something", post("POST"), nil, "value-outside"},
		{"a server was asked for something", post("GET"), nil, ""},
		{"an instrument says that value is outside", post("GET"), []string{"open"}, "value-outside"},
		{"a peer was asked", func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			return text("done"), errors.Join(s.Send(ctx, 1), s.Recv(ctx, nil))
		}, nil, "value-outside"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := newGate()
			o := protocoltest.Options{
				Bundles: []protocol.Bundle{{
					Name: "test", Protocols: []protocol.Protocol{does(c.code)}, Classes: []instrument.Class{class{id: "purse", outside: c.outside}},
				}},
				Fetch: unanswered(out),
			}
			n := protocoltest.NewNode(t, o)
			id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
			go func() {
				_, _ = n.Protocols.Execute(t.Context(), protocol.Execution{ID: opA, Protocol: "test", Call: call("DO", id), Link: silent{out}})
			}()
			wait(t, out.reached, "the question is out")
			if _, err := n.Protocols.Abandon(t.Context(), opA); fault.ReasonOf(err) != "operation-runs" {
				t.Errorf("while it runs: %v", err)
			}
			if err := n.Protocols.Close(within(t)); err != nil {
				t.Fatal(err)
			}
			o.Before = n
			o.Gone = func(string) bool { return false }
			if _, err := protocoltest.NewNode(t, o).Protocols.Abandon(t.Context(), opA); fault.ReasonOf(err) != "operation-runs" {
				t.Errorf("while it runs in another process: %v", err)
			}
			o.Gone = nil
			next := protocoltest.NewNode(t, o)
			left, err := next.Protocols.Abandon(t.Context(), opA)
			if fault.ReasonOf(err) != c.reason {
				t.Fatalf("abandon: %v", err)
			}
			if c.reason != "" {
				return
			}
			if len(left) != 1 || left[0].ID != id || number(t, next, id) != 1 {
				t.Errorf("left: %+v", left)
			}
			_, err = next.Protocols.Await(t.Context(), opA)
			wants(t, err, fault.Unknown, "abandoned")
			if _, err := next.Protocols.Abandon(t.Context(), opA); fault.ReasonOf(err) != "operation-ended" {
				t.Errorf("again: %v", err)
			}
			clean(t, next)
		})
	}
}

// silent is a peer that takes requests and never answers.
type silent struct{ reached *gate }

func (s silent) Execute(ctx context.Context, _ comm.Execute) (comm.Executed, error) {
	s.reached.once.Do(func() { close(s.reached.reached) })
	<-ctx.Done()
	return comm.Executed{}, ctx.Err()
}

func (silent) Say(context.Context, comm.Said) error { return nil }

// TestForgo: an operation whose peer never answers ends by its owner's word, in the
// life that has begun it or in a later one, and its instrument is free as it is.
func TestForgo(t *testing.T) {
	for name, later := range map[string]bool{"in its own life": false, "in a later one": true} {
		t.Run(name, func(t *testing.T) {
			code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
				if c.Operation == "DO" {
					if err := errors.Join(s.Update(ctx, add(c.Main(), 1)), s.Send(ctx, 1), s.Recv(ctx, nil)); err != nil {
						return protocol.Result{}, err
					}
				}
				return text("done"), s.Update(ctx, add(c.Main(), 10))
			})
			out := newGate()
			o := protocoltest.Options{Role: comm.Client, Bundles: bundles(code), Reach: func() protocol.Link { return silent{newGate()} }}
			n := protocoltest.NewNode(t, o)
			id := n.Create(t, instance("purse", state{}))[0]
			ended := make(chan error, 1)
			go func() {
				_, err := n.Protocols.Execute(t.Context(), protocol.Execution{ID: opA, Protocol: "test", Call: call("DO", id), Link: silent{out}})
				ended <- err
			}()
			wait(t, out.reached, "the request is out")
			if later {
				if err := n.Protocols.Close(within(t)); err != nil {
					t.Fatal(err)
				}
				<-ended
				o.Before = n
				n = protocoltest.NewNode(t, o)
				if err := n.Protocols.Forgo(within(t), opA); fault.ReasonOf(err) != "operation-not-run" {
					t.Errorf("before it runs: %v", err)
				}
				if _, err := n.Protocols.Resume(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := n.Protocols.Abandon(t.Context(), opA); err == nil {
				t.Error("it is abandoned without that word")
			}
			if err := n.Protocols.Forgo(within(t), opA); err != nil {
				t.Fatal(err)
			}
			_, err := n.Protocols.Await(within(t), opA)
			wants(t, err, fault.Unknown, protocol.ReasonForgone)
			if number(t, n, id) != 1 {
				t.Errorf("the purse has %d", number(t, n, id))
			}
			if err := n.Protocols.Forgo(within(t), opA); err != nil {
				t.Errorf("what has ended: %v", err)
			}
			if _, err := do(t, n, call("KEYED", id)); err != nil || number(t, n, id) != 11 {
				t.Errorf("the purse is not free: %v", err)
			}
			clean(t, n)
		})
	}
}
