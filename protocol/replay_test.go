package protocol_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// TestOtherCodeIsStopped: code that does other things over the same answers is
// stopped, and goes on when it is as it was.
func TestOtherCodeIsStopped(t *testing.T) {
	by := 1
	replay := 1
	out := newGate()
	fetch := func(ctx context.Context, _ comm.Fetch) (comm.Fetched, error) {
		if by == 1 {
			out.once.Do(func() { close(out.reached) })
			<-ctx.Done()
			return comm.Fetched{}, ctx.Err()
		}
		return comm.Fetched{Status: 200}, nil
	}
	code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		if err := s.Update(ctx, add(c.Main(), min(by, 2))); err != nil {
			return protocol.Result{}, err
		}
		_, err := s.Fetch(ctx, protocol.Request{Address: c.Main(), Method: "GET", Path: "/", Repeat: true})
		return text("done"), err
	})
	code.replay = func() int { return replay }
	o := protocoltest.Options{Fetch: fetch, Bundles: bundles(code), Unchecked: true}
	n := protocoltest.NewNode(t, o)
	id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
	go func() { _, _ = doAs(t, n, opA, call("DO", id)) }()
	wait(t, out.reached, "the request is out")
	next := func() *protocoltest.Node {
		n = nextLife(t, n, o)
		return n
	}
	by = 2 // the code has changed, and says nothing of it
	_, err := next().Protocols.Await(within(t), opA)
	wants(t, err, fault.Stuck, "steps-diverged")
	if number(t, n, id) != 1 {
		t.Errorf("the purse has %d", number(t, n, id))
	}
	if _, err := do(t, n, call("DO", id)); fault.KindOf(err) != fault.Locked {
		t.Errorf("its instruments were let go: %v", err)
	}
	if _, err := next().Protocols.Await(within(t), opA); fault.KindOf(err) != fault.Stuck {
		t.Errorf("another start has run it again: %v", err)
	}
	by = 1
	o.Fetch = answers
	if _, err := next().Protocols.Await(within(t), opA); fault.KindOf(err) != fault.Stuck {
		t.Errorf("another start has run it again: %v", err)
	}
	o.Looking = true // an operator's command lets it run again, and a process that works runs it
	if err := next().Protocols.Retry(t.Context(), opA); err != nil {
		t.Fatal(err)
	}
	if rows := n.Operations(t); rows[0].State != protocol.Running || rows[0].Runner != "" || n.Protocols.Runs(opA) {
		t.Errorf("rows: %+v", rows)
	}
	o.Looking = false
	next()
	if got, err := n.Protocols.Await(within(t), opA); err != nil || string(got.Value) != `"done"` {
		t.Errorf("%s, %v", got.Value, err)
	}
	if err := n.Protocols.Retry(t.Context(), opA); fault.ReasonOf(err) != "not-stuck" {
		t.Errorf("again: %v", err)
	}
	clean(t, n)
}

// TestCodeOfAnotherKind: code that says that it takes other steps does not go on
// with what older code has begun.
func TestCodeOfAnotherKind(t *testing.T) {
	replay, out := 1, newGate()
	code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		if err := s.Update(ctx, add(c.Main(), 1)); err != nil {
			return protocol.Result{}, err
		}
		_, err := s.Fetch(ctx, protocol.Request{Address: c.Main(), Method: "GET", Path: "/", Repeat: true})
		return text("done"), err
	})
	code.replay = func() int { return replay }
	o := protocoltest.Options{Bundles: bundles(code), Fetch: unanswered(out)}
	n := protocoltest.NewNode(t, o)
	id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
	go func() { _, _ = doAs(t, n, opA, call("DO", id)) }()
	wait(t, out.reached, "the request is out")
	o.Fetch, replay = answers, 2
	n = nextLife(t, n, o)
	_, err := n.Protocols.Await(within(t), opA)
	wants(t, err, fault.Unknown, "code-changed")
	clean(t, n)
	if _, err := do(t, n, call("DO", id)); err != nil || number(t, n, id) != 2 {
		t.Errorf("the next one does not go on: %v, %d", err, number(t, n, id))
	}
}

// interrupted is a pair whose initiator ended in the middle of opA. The wire is
// whole again. It names the purse of the operation.
func interrupted(t *testing.T, code script) (*protocoltest.Pair, instrument.ID) {
	t.Helper()
	pair := protocoltest.NewPair(t, bundles(code), bundles(code))
	id := pair.Initiator.Create(t, instance("purse", state{}))[0]
	died := make(chan struct{})
	var n atomic.Int64
	pair.Wire.OnFrame(func(protocoltest.Frame) protocoltest.Fate {
		switch n.Add(1) {
		case 2:
			close(died)
		case 1:
			return protocoltest.Deliver
		}
		return protocoltest.Drop
	})
	go func() { _, _ = pair.ExecuteAs(t.Context(), opA, "test", call("DO", id)) }()
	select {
	case <-died:
	case <-within(t).Done():
		t.Fatal("nothing happens")
	}
	if err := pair.Initiator.Protocols.Close(within(t)); err != nil {
		t.Fatal(err)
	}
	pair.Wire.OnFrame(nil)
	return pair, id
}

// TestAnotherQuestionIsNotAsked: code that asks a server for something else when it runs again,
// in its own life or in the next one, gets no answer to what it has asked before, and asks
// nothing: both may have happened then.
func TestAnotherQuestionIsNotAsked(t *testing.T) {
	for _, later := range []bool{false, true} {
		var n *protocoltest.Node
		var disturb sync.Once
		var runs atomic.Int32
		out := newGate()
		asked := make(chan string, 10)
		code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			run := runs.Add(1)
			if err := s.Update(ctx, add(c.Instruments[0], 1)); err != nil {
				return protocol.Result{}, err
			}
			if _, err := s.Fetch(ctx, protocol.Request{Address: c.Instruments[0], Method: "POST", Path: fmt.Sprint("/", run), Repeat: true}); err != nil {
				return protocol.Result{}, err
			}
			if err := s.Update(ctx, add(c.Instruments[1], 1)); err != nil {
				return protocol.Result{}, err
			}
			disturb.Do(func() { // somebody changes the pool between our read and our commit
				if err := n.Instruments.Update(ctx, func(d *instrument.Draft) error { return add(c.Instruments[1], 10)(d) }); err != nil {
					t.Error(err)
				}
			})
			return text("done"), nil
		})
		o := protocoltest.Options{Bundles: bundles(code), Unchecked: true, Fetch: func(ctx context.Context, r comm.Fetch) (comm.Fetched, error) {
			asked <- r.URL
			if later {
				out.once.Do(func() { close(out.reached) })
				<-ctx.Done()
				return comm.Fetched{}, ctx.Err()
			}
			return comm.Fetched{Status: 200}, nil
		}}
		n = protocoltest.NewNode(t, o)
		ids := n.Create(t, instance("purse", state{URL: "https://example.org"}), instance("pool", state{}))
		ended := make(chan error, 1)
		go func() {
			_, err := doAs(t, n, opA, call("DO", ids...))
			ended <- err
		}()
		if later {
			wait(t, out.reached, "the request is out")
			if err := n.Protocols.Close(within(t)); err != nil {
				t.Fatal(err)
			}
			<-ended
			o.Before = n
			n = protocoltest.NewNode(t, o) // the code sees it, and must not run before
			if _, err := n.Protocols.Resume(t.Context()); err != nil {
				t.Fatal(err)
			}
			_, err := n.Protocols.Await(within(t), opA)
			ended <- err
		}
		wants(t, <-ended, fault.Stuck, "steps-diverged")
		if len(asked) != 1 || runs.Load() != 2 || number(t, n, ids[0]) != 1 {
			t.Errorf("in a later life: %v; %d questions in %d runs, and the purse has %d", later, len(asked), runs.Load(), number(t, n, ids[0]))
		}
	}
}
