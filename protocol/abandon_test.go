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
				Fetch: func(ctx context.Context, _ comm.Fetch) (comm.Fetched, error) {
					out.once.Do(func() { close(out.reached) })
					<-ctx.Done()
					return comm.Fetched{}, ctx.Err()
				},
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
