package protocol_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// counted is a peer that counts the requests which reach it, and answers them all with a result.
type counted struct{ requests *atomic.Int32 }

func (c counted) Execute(_ context.Context, e comm.Execute) (comm.Executed, error) {
	c.requests.Add(1)
	return comm.Executed{Op: e.Op, Have: uint64(len(e.Msgs)), Result: []byte(`"paid"`)}, nil
}

func (counted) Say(context.Context, comm.Said) error { return nil }

// TestWhatThePeerHasTakenIsKnownInTheNextLife: the peer has taken the payment and our code has
// read so. If it fails in its next life, that is no payment of which nothing has happened; and
// the peer is not asked again.
func TestWhatThePeerHasTakenIsKnownInTheNextLife(t *testing.T) {
	code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		if err := errors.Join(s.Update(ctx, add(c.Main(), 1)), s.Send(ctx, 1), s.Recv(ctx, nil)); err != nil {
			return protocol.Result{}, err
		}
		if _, err := s.Fetch(ctx, protocol.Request{Address: c.Main(), Method: "GET", Path: "/", Repeat: true}); err != nil {
			return protocol.Result{}, err
		}
		return protocol.Result{}, fault.New(fault.Declined, "it is not what it should be").Because("not-so")
	})
	var requests atomic.Int32
	out := newGate()
	o := protocoltest.Options{Bundles: bundles(code), Fetch: unanswered(out), Reach: func() protocol.Link { return counted{&requests} }}
	n := protocoltest.NewNode(t, o)
	id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
	x := protocol.Execution{ID: opA, Protocol: "test", Call: call(protocol.Pay, id), Link: counted{&requests}}
	go func() { _, _ = n.Protocols.Execute(context.WithoutCancel(t.Context()), x) }()
	wait(t, out.reached, "the request is out")
	o.Fetch = answers
	next := nextLife(t, n, o)
	_, err := next.Protocols.Await(within(t), opA)
	wants(t, err, fault.Unknown, "not-so")
	if requests.Load() != 1 {
		t.Errorf("its peer was asked %d times", requests.Load())
	}
}

// TestWhatCannotBeAskedAgainMayHaveHappened: a server was asked to do something when the life
// ended. That it cannot be asked again does not say that it has done nothing.
func TestWhatCannotBeAskedAgainMayHaveHappened(t *testing.T) {
	var told error
	code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		if err := s.Update(ctx, add(c.Instruments[0], 1)); err != nil {
			return protocol.Result{}, err
		}
		_, told = s.Fetch(ctx, protocol.Request{Address: c.Instruments[1], Method: "POST", Path: "/", Repeat: true})
		return protocol.Result{}, told
	})
	out := newGate()
	o := protocoltest.Options{Bundles: bundles(code), Fetch: unanswered(out)}
	n := protocoltest.NewNode(t, o)
	ids := n.Create(t, instance("purse", state{}), instance("pool", state{URL: "https://example.org"}))
	go func() { _, _ = doAs(t, n, opA, call("DO", ids...)) }()
	wait(t, out.reached, "the request is out")
	if err := n.Protocols.Close(within(t)); err != nil {
		t.Fatal(err)
	}
	err := n.Instruments.Update(t.Context(), func(d *instrument.Draft) error {
		return edit(ids[1], func(_ *instrument.Instance, st *state) { st.URL = "nowhere" })(d)
	})
	if err != nil {
		t.Fatal(err)
	}
	o.Before, o.Fetch = n, answers
	next := protocoltest.NewNode(t, o)
	if _, err := next.Protocols.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = next.Protocols.Await(within(t), opA)
	wants(t, err, fault.Unknown, protocol.ReasonAnswerLost)
	wants(t, told, fault.Unknown, protocol.ReasonAnswerLost)
}

// TestLastWordsAreRepeated: an initiator that has ended says its last words until its peer has
// heard them, also in the life in which it has ended.
func TestLastWordsAreRepeated(t *testing.T) {
	code := sevens()
	pair := protocoltest.NewPair(t, bundles(code), bundles(code))
	var attempts atomic.Int32
	pair.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
		if f.Execute != nil && attempts.Add(1) < 3 {
			return protocoltest.Refuse
		}
		return protocoltest.Deliver
	})
	if _, err := pair.ExecuteAs(t.Context(), opA, "test", call("DO")); err != nil {
		t.Fatal(err)
	}
	ctx := within(t)
	err := pair.Servicer.Instruments.WaitTopic(ctx, instrument.Operations, func(context.Context) (bool, error) {
		return earned(t, pair.Servicer) == 7, nil
	})
	if err != nil || ctx.Err() != nil {
		t.Errorf("its peer heard nothing: %v", err)
	}
}

// TestAnEndThatTheDatabaseRefusesStops: something was asked for, so this is no failure after
// which nothing has happened. Its instruments stay leased until its operator has decided.
func TestAnEndThatTheDatabaseRefusesStops(t *testing.T) {
	disk := &full{as: fault.New(fault.Internal, "the database refused a statement").Because("database-failed")}
	code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		r, err := asksOnce(ctx, s, c)
		return r, errors.Join(err, s.Update(ctx, add(c.Main(), 10)))
	})
	var refuse sync.Once
	n := protocoltest.NewNode(t, protocoltest.Options{
		Bundles: bundles(code), Database: func(s protocol.Store) protocol.Store { disk.Store = s; return disk },
		Fetch: func(context.Context, comm.Fetch) (comm.Fetched, error) {
			refuse.Do(func() { disk.left.Store(1) })
			return comm.Fetched{Status: 200}, nil
		},
	})
	id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
	_, err := doAs(t, n, opA, call("DO", id))
	wants(t, err, fault.Stuck, "database-failed")
	_, err = do(t, n, call("DO", id))
	wants(t, err, fault.Locked, "")
	if err := n.Protocols.Retry(t.Context(), opA); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Protocols.Await(within(t), opA); err != nil || number(t, n, id) != 11 {
		t.Errorf("%v; the purse has %d", err, number(t, n, id))
	}
	clean(t, n)
}

// TestAFullDiskKeepsNobodyFromClosing: what waits for room goes on in the next life.
func TestAFullDiskKeepsNobodyFromClosing(t *testing.T) {
	disk := &full{as: fault.New(fault.Unavailable, "the disk is full").Because("disk-full")}
	code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		r, err := asksOnce(ctx, s, c)
		return r, errors.Join(err, s.Update(ctx, add(c.Main(), 10)))
	})
	o := protocoltest.Options{
		Bundles: bundles(code), Database: func(s protocol.Store) protocol.Store { disk.Store = s; return disk },
		Fetch: func(context.Context, comm.Fetch) (comm.Fetched, error) {
			disk.left.Store(1 << 20)
			return comm.Fetched{Status: 200}, nil
		},
	}
	n := protocoltest.NewNode(t, o)
	id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
	ended := make(chan error, 1)
	go func() {
		_, err := doAs(t, n, opA, call("DO", id))
		ended <- err
	}()
	ctx := within(t)
	for left := int32(0); left <= 0 || left == 1<<20; left = disk.left.Load() { // until it has met the full disk
		if runtime.Gosched(); ctx.Err() != nil {
			t.Fatal("nothing is written")
		}
	}
	if err := n.Protocols.Close(within(t)); err != nil {
		t.Fatal(err)
	}
	wants(t, <-ended, fault.Unknown, protocol.ReasonPending)
	disk.left.Store(0)
	o.Before, o.Fetch = n, answers
	next := protocoltest.NewNode(t, o)
	if n, err := next.Protocols.Resume(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if _, err := next.Protocols.Await(within(t), opA); err != nil || number(t, next, id) != 11 {
		t.Errorf("%v; the purse has %d", err, number(t, next, id))
	}
	clean(t, next)
}

// TestWhoIsOutrunMeetsTheLease: another process changes the instrument first and holds it. Who
// comes second ends there, whatever its code would do without the instrument.
func TestWhoIsOutrunMeetsTheLease(t *testing.T) {
	out := newGate()
	var other *protocoltest.Node
	var outrun sync.Once
	ended := make(chan error, 1)
	code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		if s.Operation() != opA {
			return asksOnce(ctx, s, c)
		}
		if err := s.Update(ctx, add(c.Main(), 100)); err != nil {
			return text("without it"), nil
		}
		outrun.Do(func() {
			go func() {
				_, err := doAs(t, other, opB, call("DO", c.Main()))
				ended <- err
			}()
			wait(t, out.reached, "the other holds it")
		})
		return text("done"), nil
	})
	n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(code), Unchecked: true})
	other = protocoltest.NewNode(t, protocoltest.Options{
		Before: n, Bundles: bundles(code), Unchecked: true,
		Fetch: func(context.Context, comm.Fetch) (comm.Fetched, error) {
			out.pass()
			return comm.Fetched{Status: 200}, nil
		},
	})
	id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
	_, err := doAs(t, n, opA, call("DO", id))
	wants(t, err, fault.Locked, "")
	close(out.open)
	if err := <-ended; err != nil || number(t, n, id) != 1 {
		t.Errorf("%v; the purse has %d", err, number(t, n, id))
	}
	clean(t, n)
}
