package protocol_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// within bounds what a test waits for.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
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
	n := 0
	pair.Wire.OnFrame(func(protocoltest.Frame) protocoltest.Fate {
		frames <- struct{}{}
		if n++; n != at+1 {
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
	case <-time.After(20 * time.Second):
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
	if victim == protocol.Servicer && !next.Protocols.Settle(now) {
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
		if err := n.Protocols.Close(within(t)); err != nil {
			t.Fatal(err)
		}
		o.Before = n
		n = protocoltest.NewNode(t, o)
		if _, err := n.Protocols.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
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
	o.Fetch = func(context.Context, comm.Fetch) (comm.Fetched, error) { return comm.Fetched{Status: 200}, nil }
	if _, err := next().Protocols.Await(within(t), opA); fault.KindOf(err) != fault.Stuck {
		t.Errorf("another start has run it again: %v", err)
	}
	o.Looking = true // an operator's command lets it run again, and a process that works runs it
	if err := next().Protocols.Retry(t.Context(), opA); err != nil {
		t.Fatal(err)
	}
	if rows := n.Operations(t); rows[0].State != protocol.Running || rows[0].Runner != "" {
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
	o := protocoltest.Options{Bundles: bundles(code), Fetch: func(ctx context.Context, _ comm.Fetch) (comm.Fetched, error) {
		out.once.Do(func() { close(out.reached) })
		<-ctx.Done()
		return comm.Fetched{}, ctx.Err()
	}}
	n := protocoltest.NewNode(t, o)
	id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
	go func() { _, _ = doAs(t, n, opA, call("DO", id)) }()
	wait(t, out.reached, "the request is out")
	if err := n.Protocols.Close(within(t)); err != nil {
		t.Fatal(err)
	}
	replay = 2
	o.Before, o.Fetch = n, func(context.Context, comm.Fetch) (comm.Fetched, error) { return comm.Fetched{Status: 200}, nil }
	n = protocoltest.NewNode(t, o)
	if _, err := n.Protocols.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
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
	n := 0
	pair.Wire.OnFrame(func(protocoltest.Frame) protocoltest.Fate {
		if n++; n == 2 {
			close(died)
		}
		if n < 2 {
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

// ofOthers is a sealer of a wallet in which one owner's keys may be missing.
type ofOthers struct {
	*crypto.Engine
	away   instrument.PrincipalID
	opened *atomic.Bool
}

func (o ofOthers) For(owner instrument.PrincipalID) (instrument.OwnerSeal, error) {
	if owner == o.away && !o.opened.Load() {
		return nil, fault.New(fault.Locked, "the keys of %s are not here", owner)
	}
	return o.Engine, nil
}

// TestAnOperationWaitsForWhoBeganIt: somebody else who may use the instrument
// cannot make what is the beginner's, and does not take the operation over.
func TestAnOperationWaitsForWhoBeganIt(t *testing.T) {
	code := talk(2)
	pair, _ := interrupted(t, code)
	before, err := pair.Initiator.Store.OperationRow(t.Context(), opA)
	if err != nil || before.Principal == "gary" { // whose the instrument is
		t.Fatalf("%+v, %v", before, err)
	}
	var opened atomic.Bool
	next := protocoltest.NewNode(t, protocoltest.Options{
		Role: comm.Client, Before: pair.Initiator, Bundles: bundles(code), Reach: pair.Wire.ToServicer,
		Sealer: func(e *crypto.Engine) instrument.Sealer { return ofOthers{e, before.Principal, &opened} },
	})
	pair.Reborn(protocol.Initiator, next)
	if n, err := next.Protocols.Resume(t.Context()); n != 0 || err != nil {
		t.Errorf("%d were taken over, %v", n, err)
	}
	opened.Store(true)
	if n, err := next.Protocols.Resume(t.Context()); n != 1 || err != nil {
		t.Errorf("%d were taken over by whom it concerns, %v", n, err)
	}
	if _, err := next.Protocols.Await(within(t), opA); err != nil {
		t.Error(err)
	}
}

// TestLastWordsSurvive: an initiator that has ended speaks in its next life until
// its peer has heard it.
func TestLastWordsSurvive(t *testing.T) {
	code := sides(
		func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			return text("bye"), s.Send(ctx, 7)
		},
		func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			var n int
			if err := s.Recv(ctx, &n); err != nil {
				return protocol.Result{}, err
			}
			return text(n), s.Update(ctx, create("purse", "", state{N: n}))
		},
	)
	pair := protocoltest.NewPair(t, bundles(code), bundles(code))
	pair.Wire.OnFrame(func(protocoltest.Frame) protocoltest.Fate { return protocoltest.Refuse })
	if _, err := pair.ExecuteAs(t.Context(), opA, "test", call("DO")); err != nil {
		t.Fatal(err)
	}
	if err := pair.Initiator.Protocols.Close(within(t)); err != nil {
		t.Fatal(err)
	}
	left := protocoltest.NewNode(t, protocoltest.Options{
		Role: comm.Client, Before: pair.Initiator, Bundles: bundles(code), Reach: pair.Wire.ToServicer,
	})
	pair.Wire.OnFrame(nil)
	pair.Reborn(protocol.Initiator, left)
	if n, err := left.Protocols.Resume(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	ctx := within(t)
	err := pair.Servicer.Instruments.WaitTopic(ctx, instrument.Operations, func(context.Context) (bool, error) {
		return earned(t, pair.Servicer) == 7, nil
	})
	if err != nil || ctx.Err() != nil {
		t.Fatalf("its peer heard nothing: %v", err)
	}
	// The log goes with the next unit of work, the notice with the next request.
	heard := func() bool {
		_, err := pair.Execute(t.Context(), "test", call("DO"))
		rows, err2 := pair.Servicer.Store.OperationRows(t.Context(), protocol.Filter{Peer: left.Self.Key, Unheard: true})
		log, err3 := left.Store.OperationLog(t.Context(), opA)
		if err := errors.Join(err, err2, err3); err != nil {
			t.Fatal(err)
		}
		return len(log) == 0 && !named(rows, opA)
	}
	for !heard() {
		if ctx.Err() != nil {
			t.Fatal("what was heard is kept for ever")
		}
	}
}

func named(rows []protocol.Row, id instrument.OperationID) bool {
	for _, r := range rows {
		if r.ID == id {
			return true
		}
	}
	return false
}

// TestEndsRideAlong: that an end is stored is told with the next request, and
// costs no frame of its own.
func TestEndsRideAlong(t *testing.T) {
	code := talk(1)
	pair := protocoltest.NewPair(t, bundles(code), bundles(code))
	id := pair.Initiator.Create(t, instance("purse", state{}))[0]
	var told []string
	pair.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
		if f.Execute != nil {
			told = f.Execute.Ended
		}
		return protocoltest.Deliver
	})
	for n, op := range []instrument.OperationID{opA, opB} {
		if _, err := pair.ExecuteAs(within(t), op, "test", call("DO", id)); err != nil {
			t.Fatal(err)
		}
		if n == 0 && len(told) != 0 || n == 1 && (len(told) != 1 || told[0] != string(opA)) {
			t.Errorf("request %d tells %v", n, told)
		}
	}
	open, err := pair.Servicer.Protocols.Unheard(t.Context(), pair.Initiator.Self)
	if err != nil || len(open) != 1 || open[0] != string(opB) {
		t.Errorf("unheard: %v, %v", open, err)
	}
	pair.Initiator.Protocols.TellEnds(t.Context(), pair.Servicer.Self, append(open, "nonsense", string(opA)))
	if _, err := pair.Execute(within(t), "test", call("DO", id)); err != nil || len(told) != 2 {
		t.Errorf("the third request tells %v, %v", told, err)
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

// TestNobodyElsesInstruments: code makes instruments for whom the operation is,
// or for the owner of what it was given.
func TestNobodyElsesInstruments(t *testing.T) {
	for owner, reason := range map[instrument.PrincipalID]fault.Reason{"": "", "client": "", "gary": "", "mallory": "owner-not-granted"} {
		n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(does(func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			return text("done"), s.Update(ctx, func(tx instrument.Tx) error {
				i := instance("purse", state{})
				i.Owner = owner
				_, err := tx.Create(i)
				return err
			})
		}))})
		id := n.Create(t, instance("purse", state{}))[0] // it is gary's
		if _, err := do(t, n, call("DO", id)); fault.ReasonOf(err) != reason {
			t.Errorf("for %q: %v", owner, err)
		}
	}
}
