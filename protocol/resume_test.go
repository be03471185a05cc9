package protocol_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// within bounds what a test waits for.
func within(t testing.TB) context.Context {
	ctx, cancel := protocoltest.Within(t.Context(), t)
	t.Cleanup(cancel)
	return ctx
}

// talk is a conversation whose both sides put the session's time and dice into
// what they say and keep: run anew instead of over again, it would say other
// things.
func talk(steps int) script {
	type word struct {
		At   time.Time
		Dice []byte
		N    int
	}
	say := func(s protocol.Session, n int) word { return word{s.Now(), s.Random(8), n} }
	return sides(
		func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			total := 0
			for n := range steps {
				if err := s.Update(ctx, add(c.Main(), 1)); err != nil {
					return protocol.Result{}, err
				}
				if err := s.Send(ctx, say(s, n)); err != nil {
					return protocol.Result{}, err
				}
				var heard word
				if err := s.Recv(ctx, &heard); err != nil {
					return protocol.Result{}, err
				}
				total += heard.N
			}
			var end string
			err := s.Recv(ctx, &end)
			return text(end), errors.Join(err, s.Update(ctx, add(c.Main(), 100+total)))
		},
		func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			for range steps {
				var heard word
				if err := s.Recv(ctx, &heard); err != nil {
					return protocol.Result{}, err
				}
				if err := s.Update(ctx, create("purse", "", state{N: heard.N, Ref: heard.At.String() + string(raw(heard.Dice))})); err != nil {
					return protocol.Result{}, err
				}
				if err := s.Send(ctx, say(s, heard.N)); err != nil {
					return protocol.Result{}, err
				}
			}
			return text("bye"), nil
		},
	)
}

// TestEitherSideDiesAtAnyFrame ends one side's life at each frame of a
// conversation, begins its next life, and finds everything done once.
func TestEitherSideDiesAtAnyFrame(t *testing.T) {
	const steps = 3
	for _, victim := range []protocol.Side{protocol.Initiator, protocol.Servicer} {
		for at := 0; ; at++ {
			if over := dieAt(t, victim, at, steps); over {
				if at < 2*steps {
					t.Errorf("the %s died at %d frames only", victim, at)
				}
				break
			}
		}
	}
}

func dieAt(t *testing.T, victim protocol.Side, at, steps int) (survived bool) {
	t.Helper()
	code := talk(steps)
	left := protocoltest.NewNode(t, protocoltest.Options{Role: comm.Client, Bundles: bundles(code)})
	right := protocoltest.NewNode(t, protocoltest.Options{Role: comm.Vendor, Bundles: bundles(code)})
	id := left.Create(t, instance("purse", state{}))[0]
	pair := protocoltest.Connect(left, right)
	died, frames := make(chan struct{}), make(chan struct{}, 1000)
	var n atomic.Int64 // both sides send at the same time
	pair.Wire.OnFrame(func(protocoltest.Frame) protocoltest.Fate {
		frames <- struct{}{}
		if n.Add(1) != int64(at)+1 {
			return protocoltest.Deliver
		}
		close(died)
		return protocoltest.Drop
	})
	ended := make(chan error, 1)
	go func() {
		_, err := pair.ExecuteAs(t.Context(), opA, "test", call("DO", id))
		ended <- err
	}()
	select {
	case err := <-ended:
		if err != nil {
			t.Fatal(err)
		}
		return true
	case <-died:
	case <-within(t).Done():
		t.Fatal("nothing happens")
	}
	node, role := left, comm.Client
	if victim == protocol.Servicer {
		node, role = right, comm.Vendor
	}
	if err := node.Protocols.Close(within(t)); err != nil {
		t.Fatal(err)
	}
	next := protocoltest.NewNode(t, protocoltest.Options{Role: role, Before: node, Bundles: bundles(code), Reach: pair.Wire.ToServicer})
	pair.Wire.OnFrame(nil)
	pair.Reborn(victim, next)
	if _, err := next.Protocols.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	now, cancel := context.WithCancel(t.Context())
	cancel()
	if victim == protocol.Servicer && !next.Protocols.Resumed(now) {
		t.Errorf("at frame %d a servicer waits for a peer that it has not let in", at)
	}
	left, right = pair.Initiator, pair.Servicer
	if _, err := pair.ExecuteAs(within(t), opA, "test", call("DO", id)); err != nil {
		t.Fatalf("%s at frame %d: %v", victim, at, err)
	}
	want := 0
	for n := range steps {
		want += n
	}
	if got := number(t, left, id); got != steps+100+want || earned(t, right) != want {
		t.Errorf("%s at frame %d: the purse has %d, the peer %d", victim, at, got, earned(t, right))
	}
	clean(t, left, right)
	return false
}

// An operation that is held for a person is left as it is, whoever looks, until it
// is held no more. Then it goes on to its one end.
func TestAHeldOperationWaits(t *testing.T) {
	code := talk(2)
	pair, id := interrupted(t, code)
	var free atomic.Bool
	left := protocoltest.NewNode(t, protocoltest.Options{
		Role: comm.Client, Before: pair.Initiator, Bundles: bundles(code), Reach: pair.Wire.ToServicer,
		Held: func(op instrument.OperationID) bool { return op == opA && !free.Load() },
	})
	pair.Reborn(protocol.Initiator, left)
	before, err := left.Store.OperationRow(t.Context(), opA)
	if err != nil || before.State != protocol.Running {
		t.Fatalf("it is %+v, %v", before, err)
	}
	if n, err := left.Protocols.Resume(t.Context()); n != 0 || err != nil {
		t.Errorf("%d were taken over, %v", n, err)
	}
	if after, err := left.Store.OperationRow(t.Context(), opA); err != nil || after.Runner != before.Runner {
		t.Errorf("it runs under %q, before under %q, %v", after.Runner, before.Runner, err)
	}
	free.Store(true)
	if n, err := left.Protocols.Resume(t.Context()); n != 1 || err != nil {
		t.Errorf("%d were taken over, %v", n, err)
	}
	if _, err := left.Protocols.Await(within(t), opA); err != nil {
		t.Fatal(err)
	}
	if got := number(t, left, id); got != 2+100+1 || earned(t, pair.Servicer) != 1 {
		t.Errorf("the purse has %d, the peer %d", got, earned(t, pair.Servicer))
	}
}

// TestABundleThatDiesAtThePeer: a servicer whose code died before anything was
// durable has done nothing, and the same request is served when the code is back.
func TestABundleThatDiesAtThePeer(t *testing.T) {
	deaths := 2
	code := sides(
		func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			if err := errors.Join(s.Update(ctx, add(c.Main(), 1)), s.Send(ctx, 7)); err != nil {
				return protocol.Result{}, err
			}
			var n int
			err := s.Recv(ctx, &n)
			return text(n), err
		},
		func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			var n int
			if err := s.Recv(ctx, &n); err != nil {
				return protocol.Result{}, err
			}
			if deaths--; deaths >= 0 {
				panic("it dies")
			}
			return protocol.Result{Value: raw(n)}, s.Update(ctx, create("purse", "", state{N: n}))
		},
	)
	pair := protocoltest.NewPair(t, bundles(code), bundles(code))
	id := pair.Initiator.Create(t, instance("purse", state{}))[0]
	got, err := pair.ExecuteAs(within(t), opA, "test", call("DO", id))
	if err != nil || string(got.Value) != `"7"` || earned(t, pair.Servicer) != 7 {
		t.Errorf("%s, %v; the peer has %d", got.Value, err, earned(t, pair.Servicer))
	}
	clean(t, pair.Initiator, pair.Servicer)
}

// absent is the way to a peer that is not there.
type absent struct{}

func (absent) Execute(context.Context, comm.Execute) (comm.Executed, error) {
	return comm.Executed{}, fault.New(fault.Unavailable, "nobody is there").Because(protocol.ReasonUnreachable)
}

func (absent) Say(context.Context, comm.Said) error { return nil }

// TestWhoCannotBeReachedIsNotWaitedFor: a command that begins waits for what an earlier
// life has left, but not for a peer that is not there.
func TestWhoCannotBeReachedIsNotWaitedFor(t *testing.T) {
	pair, _ := interrupted(t, talk(2))
	left := protocoltest.NewNode(t, protocoltest.Options{
		Role: comm.Client, Before: pair.Initiator, Bundles: bundles(talk(2)), Reach: func() protocol.Link { return absent{} },
	})
	if n, err := left.Protocols.Resume(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	ctx := within(t)
	if left.Protocols.Resumed(ctx) || ctx.Err() != nil {
		t.Errorf("it was waited for: %v", ctx.Err())
	}
	if got := left.Protocols.Resuming(); len(got) != 1 || got[0].ID != opA {
		t.Errorf("what goes on is %+v", got)
	}
}

// mute is the way to a peer that takes one request and never answers.
type mute struct{ requests chan comm.Execute }

func (a mute) Execute(ctx context.Context, e comm.Execute) (comm.Executed, error) {
	select {
	case a.requests <- e:
	default:
	}
	<-ctx.Done()
	return comm.Executed{}, ctx.Err()
}

func (mute) Say(context.Context, comm.Said) error { return nil }

// TestTheNextLifeAsksTheSame: a request goes out again after a crash with what its payer has
// signed, or its peer would refuse it, or take it for another.
func TestTheNextLifeAsksTheSame(t *testing.T) {
	way := mute{make(chan comm.Execute, 1)}
	code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		return protocol.Result{}, errors.Join(s.Update(ctx, add(c.Main(), 1)), s.Send(ctx, 1), s.Recv(ctx, nil))
	})
	o := protocoltest.Options{Role: comm.Client, Bundles: bundles(code), Reach: func() protocol.Link { return way }}
	n := protocoltest.NewNode(t, o)
	id := n.Create(t, instance("purse", state{}))[0]
	c := call("DO", id)
	c.Args, c.Deadline = []byte(`{"a":1}`), time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	x := protocol.Execution{
		ID: opA, Protocol: "test", Call: c, Link: way, Peer: comm.Peer{Role: comm.Vendor, Key: "shop"},
		Offer: &comm.Offer{Body: []byte(`{}`), Signature: []byte("theirs")}, Payer: &comm.Payer{Counter: 7, Expiry: c.Deadline, Signature: []byte("ours")},
	}
	go func() { _, _ = n.Protocols.Execute(context.WithoutCancel(t.Context()), x) }()
	request := func() (text string) {
		t.Helper()
		select {
		case e := <-way.requests:
			out, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			return string(out)
		case <-within(t).Done():
			t.Fatal("nothing is asked")
		}
		return ""
	}
	first := request()
	next := nextLife(t, n, o)
	if again := request(); again != first || !strings.Contains(first, `"counter":7`) || !strings.Contains(first, `"class":"purse"`) {
		t.Errorf("the next life asks %s, and the first %s", again, first)
	}
	if err := next.Protocols.Close(within(t)); err != nil {
		t.Error(err)
	}
}
