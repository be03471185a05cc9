package protocol_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// haggle has messages both ways, in the middle and at the end: the initiator
// pays from its purse what the servicer asks for, in three rounds.
func haggle() script {
	return sides(
		func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			paid := 0
			for range 3 {
				var price int
				if err := s.Send(ctx, s.Now().UnixNano()); err != nil {
					return protocol.Result{}, err
				}
				if err := s.Recv(ctx, &price); err != nil {
					return protocol.Result{}, err
				}
				if err := s.Update(ctx, add(c.Main(), -price)); err != nil {
					return protocol.Result{}, err
				}
				if err := s.Send(ctx, price); err != nil {
					return protocol.Result{}, err
				}
				paid += price
			}
			var goodbye, sum int
			if err := errors.Join(s.Recv(ctx, &goodbye), s.Recv(ctx, &sum)); err != nil {
				return protocol.Result{}, err
			}
			if sum != paid || goodbye != 42 {
				return protocol.Result{}, fault.New(fault.Internal, "paid %d, counted %d, goodbye %d", paid, sum, goodbye)
			}
			return text(sum), nil
		},
		func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			total := 0
			for round := range 3 {
				var when int64
				var paid int
				if err := s.Recv(ctx, &when); err != nil {
					return protocol.Result{}, err
				}
				if err := s.Send(ctx, round+1); err != nil {
					return protocol.Result{}, err
				}
				if err := s.Recv(ctx, &paid); err != nil {
					return protocol.Result{}, err
				}
				total += paid
			}
			if err := s.Update(ctx, create("purse", "", state{N: total})); err != nil {
				return protocol.Result{}, err
			}
			if err := s.Send(ctx, 42); err != nil {
				return protocol.Result{}, err
			}
			return protocol.ResultOf(total)
		},
	)
}

// earned is what the servicer's purses hold together.
func earned(t testing.TB, n *protocoltest.Node) (sum int) {
	t.Helper()
	list, err := n.Instruments.List(t.Context(), instrument.Filter{Class: "purse"})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range list {
		sum += number(t, n, i.ID)
	}
	return sum
}

// TestEveryFrameIsLost loses, doubles and refuses each frame of a conversation
// in turn: money moves exactly once.
func TestEveryFrameIsLost(t *testing.T) {
	run := func(t *testing.T, hook func(protocoltest.Frame) protocoltest.Fate) *protocoltest.Pair {
		pair := protocoltest.NewPair(t, bundles(haggle()), bundles(haggle()))
		id := pair.Initiator.Create(t, instance("purse", state{N: 100}))[0]
		pair.Wire.OnFrame(hook)
		got, err := pair.Execute(t.Context(), "test", call("DO", id))
		if err != nil || string(got.Value) != `"6"` {
			t.Fatalf("result %s, %v", got.Value, err)
		}
		if left, there := number(t, pair.Initiator, id), earned(t, pair.Servicer); left != 94 || there != 6 {
			t.Errorf("the initiator has %d, the servicer %d", left, there)
		}
		clean(t, pair.Initiator, pair.Servicer)
		return pair
	}
	var frames atomic.Int32
	run(t, func(protocoltest.Frame) protocoltest.Fate { frames.Add(1); return protocoltest.Deliver })
	if frames.Load() < 8 {
		t.Fatalf("only %d frames were seen", frames.Load())
	}
	for _, c := range []struct {
		name string
		fate protocoltest.Fate
	}{{"lost", protocoltest.Drop}, {"doubled", protocoltest.Twice}} {
		for n := range frames.Load() {
			t.Run(fmt.Sprintf("frame %d is %s", n+1, c.name), func(t *testing.T) {
				t.Parallel()
				run(t, breakAt(n+1, c.fate))
			})
		}
	}
}

// breakAt gives one frame a fate. A lost frame takes the connection with it.
func breakAt(n int32, fate protocoltest.Fate) func(protocoltest.Frame) protocoltest.Fate {
	var count atomic.Int32
	return func(protocoltest.Frame) protocoltest.Fate {
		if count.Add(1) == n {
			return fate
		}
		return protocoltest.Deliver
	}
}

// TestMessagesOvertakeTheRequest: what is said right behind the request may be
// heard before it.
func TestMessagesOvertakeTheRequest(t *testing.T) {
	code := sides(
		func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			var sum int
			err := errors.Join(s.Send(ctx, 1), s.Recv(ctx, nil), s.Send(ctx, 2), s.Send(ctx, 3), s.Recv(ctx, &sum))
			return text(sum), err
		},
		func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			var a, b, c int
			err := errors.Join(s.Recv(ctx, &a), s.Send(ctx, 0), s.Recv(ctx, &b), s.Recv(ctx, &c))
			if err != nil {
				return protocol.Result{}, err
			}
			return protocol.ResultOf(a + b + c)
		},
	)
	n := protocoltest.NewNode(t, protocoltest.Options{Role: comm.Vendor, Bundles: bundles(code)})
	wallet := comm.Peer{Name: "wallet", Role: comm.Client, Key: "KEY"}
	message := func(n uint64, v int) []comm.Message { return []comm.Message{{N: n, Body: raw(v)}} }
	n.Protocols.Hear(wallet, comm.Said{Op: string(opA), Msgs: message(3, 30)})
	n.Protocols.Hear(comm.Peer{Key: "MALLORY"}, comm.Said{Op: string(opA), Msgs: message(2, 99)})
	n.Protocols.Hear(wallet, comm.Said{Op: string(opA), Msgs: message(2, 20)})
	pair := protocoltest.Connect(n, n) // its replies go nowhere in particular
	got := n.Protocols.Serve(t.Context(), protocol.Execution{Protocol: "test", Peer: wallet, Link: pair.Wire.ToInitiator(), Call: call("DO")},
		comm.Execute{Op: string(opA), Msgs: message(1, 10)})
	if got.Fault != nil || string(got.Result) != "60" || got.Have != 3 {
		t.Errorf("got %+v", got)
	}
}

// TestDoubleEffect: the request is sent again after its answer was lost. The
// servicer's row makes the second one harmless; without a row it doubles.
func TestDoubleEffect(t *testing.T) {
	for _, c := range []struct {
		name string
		op   string
		want int
	}{{"with an operation row", "DO", 5}, {"control: without one the effect doubles", "KEYED", 10}} {
		t.Run(c.name, func(t *testing.T) {
			code := sides(
				func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
					var got int
					err := errors.Join(s.Send(ctx, 5), s.Recv(ctx, &got))
					return text(got), err
				},
				func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
					var n int
					if err := s.Recv(ctx, &n); err != nil {
						return protocol.Result{}, err
					}
					if err := s.Update(ctx, create("purse", "", state{N: n})); err != nil {
						return protocol.Result{}, err
					}
					return protocol.ResultOf(n)
				},
			)
			pair := protocoltest.NewPair(t, bundles(code), bundles(code))
			var answers atomic.Int32
			pair.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
				if f.Executed != nil && answers.Add(1) == 1 {
					return protocoltest.Drop
				}
				return protocoltest.Deliver
			})
			got, err := pair.Execute(t.Context(), "test", call(c.op))
			if err != nil || string(got.Value) != `"5"` {
				t.Fatalf("result %s, %v", got.Value, err)
			}
			if sum := earned(t, pair.Servicer); sum != c.want || answers.Load() != 2 {
				t.Errorf("the servicer has %d after %d answers, wanted %d", sum, answers.Load(), c.want)
			}
		})
	}
}
