package protocol_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// TestWhatAnEarlierLifeHasAsked: that a server cannot be reached in the next life
// says nothing of the request that the earlier one has sent.
func TestWhatAnEarlierLifeHasAsked(t *testing.T) {
	for method, kind := range map[string]fault.Kind{"POST": fault.Unknown, "GET": fault.Unavailable} {
		t.Run(method, func(t *testing.T) {
			out := newGate()
			down := func(context.Context, comm.Fetch) (comm.Fetched, error) {
				return comm.Fetched{}, fault.New(fault.Unavailable, "no server answers")
			}
			o := protocoltest.Options{Bundles: bundles(does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
				if err := s.Update(ctx, add(c.Main(), 1)); err != nil {
					return protocol.Result{}, err
				}
				_, err := s.Fetch(ctx, protocol.Request{Address: c.Main(), Method: method, Path: "/", Repeat: true})
				return text("done"), err
			})), Fetch: unanswered(out)}
			n := protocoltest.NewNode(t, o)
			id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
			go func() { _, _ = doAs(t, n, opA, call("DO", id)) }()
			wait(t, out.reached, "the request is out")
			o.Fetch = down
			next := nextLife(t, n, o)
			_, err := next.Protocols.Await(within(t), opA)
			wants(t, err, kind, "")
			clean(t, next)
		})
	}
}

// TestAStoredEndIsAnEnd: a servicer that has ended as unavailable, durably, says
// so again, and not that it may be asked again.
func TestAStoredEndIsAnEnd(t *testing.T) {
	code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		if err := s.Update(ctx, create("purse", "", state{})); err != nil {
			return protocol.Result{}, err
		}
		return protocol.Result{}, fault.New(fault.Unavailable, "the provider is away").Because("provider-unreachable")
	})
	n := protocoltest.NewNode(t, protocoltest.Options{Role: comm.Vendor, Bundles: bundles(code)})
	ask := func() comm.Executed {
		return n.Protocols.Serve(within(t), protocol.Execution{
			Protocol: "test", Peer: comm.Peer{Role: comm.Client, Key: "them"}, Link: silent{newGate()}, Call: call("DO"),
		}, comm.Execute{Op: string(opA)})
	}
	for range 3 {
		got := ask()
		if got.Again || got.Fault == nil || got.Fault.Reason != "provider-unreachable" {
			t.Errorf("%+v", got)
		}
	}
}

// TestARepetitionIsToldTheStoredEnd: also while the last words of the operation
// are still on their way.
func TestARepetitionIsToldTheStoredEnd(t *testing.T) {
	for name, fails := range map[string]error{"it has ended well": nil, "it has failed": fault.New(fault.Declined, "no").Because("no")} {
		t.Run(name, func(t *testing.T) {
			code := sides(
				func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
					if err := errors.Join(s.Update(ctx, add(c.Main(), 1)), s.Send(ctx, 1), s.Recv(ctx, nil), s.Send(ctx, 2)); err != nil {
						return protocol.Result{}, err
					}
					return text("bye"), fails
				},
				func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
					var n int
					err := errors.Join(s.Recv(ctx, &n), s.Send(ctx, n), s.Recv(ctx, &n))
					return protocol.Result{Value: raw(n)}, err
				},
			)
			pair := protocoltest.NewPair(t, bundles(code), bundles(code))
			id := pair.Initiator.Create(t, instance("purse", state{}))[0]
			var lost atomic.Bool
			pair.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
				if f.From == protocol.Servicer && f.Said != nil {
					defer lost.Store(true)
					return protocoltest.Deliver
				}
				if lost.Load() {
					return protocoltest.Refuse
				}
				return protocoltest.Deliver
			})
			_, first := pair.ExecuteAs(within(t), opA, "test", call("DO", id))
			if err := pair.Initiator.Protocols.Close(within(t)); err != nil {
				t.Fatal(err)
			}
			left := protocoltest.NewNode(t, protocoltest.Options{
				Role: comm.Client, Before: pair.Initiator, Bundles: bundles(code), Reach: pair.Wire.ToServicer,
			})
			pair.Reborn(protocol.Initiator, left)
			if _, err := left.Protocols.Resume(t.Context()); err != nil {
				t.Fatal(err)
			}
			got, err := left.Protocols.Await(within(t), opA)
			if fault.ReasonOf(err) != fault.ReasonOf(first) || err == nil && string(got.Value) != `"bye"` {
				t.Errorf("%s, %v; it was %v", got.Value, err, first)
			}
			pair.Wire.OnFrame(nil)
		})
	}
}

// TestWhoAsksAgainIsToldTheEnd: whoever attaches to an operation that runs is told
// how it ended, like the one who began it.
func TestWhoAsksAgainIsToldTheEnd(t *testing.T) {
	hold := newGate()
	n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		hold.pass()
		return text("done"), s.Update(ctx, add(c.Main(), 1))
	}))})
	id := n.Create(t, instance("purse", state{}))[0]
	told := make(chan error, 2)
	begin := func() {
		r := protocol.Execution{ID: opA, Protocol: "test", Call: call("DO", id), Ended: func(err error) { told <- err }}
		go func() { _, _ = n.Protocols.Execute(t.Context(), r) }()
	}
	begin()
	wait(t, hold.reached, "it runs")
	attached, cancel := context.WithCancel(t.Context())
	cancel()
	_, _ = n.Protocols.Execute(attached, protocol.Execution{ID: opA, Protocol: "test", Call: call("DO", id), Ended: func(err error) { told <- err }})
	close(hold.open)
	for range 2 {
		select {
		case err := <-told:
			if err != nil {
				t.Error(err)
			}
		case <-within(t).Done():
			t.Fatal("somebody was not told")
		}
	}
}

// TestARefusalIsKnownInTheNextLife: what was refused before a request left is refused after
// a crash as well, and the code goes the same way.
func TestARefusalIsKnownInTheNextLife(t *testing.T) {
	out := newGate()
	o := protocoltest.Options{Bundles: bundles(does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		told := s.Update(ctx, create("purse", "taken", state{}))
		_, err := s.Fetch(ctx, protocol.Request{Address: c.Main(), Method: "POST", Path: "/", Repeat: true})
		return text(fault.ReasonOf(told)), err
	})), Fetch: unanswered(out)}
	n := protocoltest.NewNode(t, o)
	id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
	if err := n.Instruments.Update(t.Context(), func(d *instrument.Draft) error { return create("purse", "taken", state{})(d) }); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = doAs(t, n, opA, call("DO", id)) }()
	wait(t, out.reached, "the request is out")
	o.Fetch = answers
	next := nextLife(t, n, o)
	if got, err := next.Protocols.Await(within(t), opA); err != nil || string(got.Value) != `"tag-taken"` {
		t.Errorf("result %s, %v", got.Value, err)
	}
	clean(t, next)
}
