package protocol_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// between is a database that lets something happen after a row or a list was read, once.
type between struct {
	protocol.Store
	row   func()
	rows  func(protocol.Filter)
	once  sync.Once
	parts func([][]byte, error) ([][]byte, error) // of a log
}

func (b *between) as(s protocol.Store) protocol.Store { b.Store = s; return b }

func (b *between) OperationRow(ctx context.Context, id instrument.OperationID) (protocol.Row, error) {
	r, err := b.Store.OperationRow(ctx, id)
	if b.row != nil {
		b.once.Do(b.row)
	}
	return r, err
}

func (b *between) OperationRows(ctx context.Context, f protocol.Filter) ([]protocol.Row, error) {
	list, err := b.Store.OperationRows(ctx, f)
	if b.rows != nil {
		b.rows(f)
	}
	return list, err
}

func (b *between) OperationLog(ctx context.Context, id instrument.OperationID) ([][]byte, error) {
	parts, err := b.Store.OperationLog(ctx, id)
	if b.parts != nil {
		return b.parts(parts, err)
	}
	return parts, err
}

// asksOnce adds to its purse and asks a server, of which nothing is outside.
func asksOnce(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	if err := s.Update(ctx, add(c.Main(), 1)); err != nil {
		return protocol.Result{}, err
	}
	_, err := s.Fetch(ctx, protocol.Request{Address: c.Main(), Method: "GET", Path: "/", Repeat: true})
	return text("done"), err
}

func answers(context.Context, comm.Fetch) (comm.Fetched, error) {
	return comm.Fetched{Status: 200}, nil
}

// died is a node whose life has ended while opA asked its server.
func died(t *testing.T, code script) (*protocoltest.Node, instrument.ID) {
	t.Helper()
	out := newGate()
	n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(code), Fetch: unanswered(out)})
	id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
	go func() { _, _ = doAs(t, n, opA, call("DO", id)) }()
	wait(t, out.reached, "the request is out")
	if err := n.Protocols.Close(within(t)); err != nil {
		t.Fatal(err)
	}
	return n, id
}

// TestTheFirstLifeTakesOver: of two lives that find the same interrupted operation, one runs it.
func TestTheFirstLifeTakesOver(t *testing.T) {
	n, id := died(t, does(asksOnce))
	o := protocoltest.Options{Before: n, Bundles: bundles(does(asksOnce)), Fetch: answers}
	first := protocoltest.NewNode(t, o)
	var look between
	look.rows = func(f protocol.Filter) {
		if f.State == protocol.Running && f.NotRunner {
			look.once.Do(func() {
				if n, err := first.Protocols.Resume(t.Context()); n != 1 || err != nil {
					t.Errorf("the first takes over %d, %v", n, err)
				}
			})
		}
	}
	o.Database = look.as
	second := protocoltest.NewNode(t, o)
	if n, err := second.Protocols.Resume(t.Context()); n != 0 || err != nil || second.Protocols.Runs(opA) {
		t.Errorf("the second takes over %d, %v", n, err)
	}
	if _, err := first.Protocols.Await(within(t), opA); err != nil || number(t, first, id) != 1 {
		t.Errorf("%v; the purse has %d", err, number(t, first, id))
	}
	clean(t, first)
}

// TestWhatAnotherLifeHasTakenIsNotAbandoned: between the look at an operation and its end
// another process has gone on with it, and what it does counts.
func TestWhatAnotherLifeHasTakenIsNotAbandoned(t *testing.T) {
	n, id := died(t, does(asksOnce))
	goesOn := newGate()
	first := protocoltest.NewNode(t, protocoltest.Options{
		Before: n, Bundles: bundles(does(asksOnce)),
		Fetch: func(context.Context, comm.Fetch) (comm.Fetched, error) {
			goesOn.pass()
			return comm.Fetched{Status: 200}, nil
		},
	})
	look := between{row: func() {
		if n, err := first.Protocols.Resume(t.Context()); n != 1 || err != nil {
			t.Errorf("%d are taken over, %v", n, err)
		}
		wait(t, goesOn.reached, "it has gone on")
	}}
	second := protocoltest.NewNode(t, protocoltest.Options{Before: n, Bundles: bundles(does(asksOnce)), Database: look.as})
	_, err := second.Protocols.Abandon(t.Context(), opA)
	wants(t, err, fault.Locked, "operation-runs")
	close(goesOn.open)
	if _, err := first.Protocols.Await(within(t), opA); err != nil || number(t, first, id) != 1 {
		t.Errorf("%v; the purse has %d", err, number(t, first, id))
	}
	clean(t, first)
}

// TestOneOfTwoOperatorsLetsItRun: both have looked at an operation that was stopped.
func TestOneOfTwoOperatorsLetsItRun(t *testing.T) {
	var well atomic.Bool
	var runs atomic.Int32
	code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		r, err := asksOnce(ctx, s, c)
		if runs.Add(1); !well.Load() {
			panic("the code dies")
		}
		return r, err
	})
	o := protocoltest.Options{Bundles: bundles(code), Fetch: answers}
	n := protocoltest.NewNode(t, o)
	id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
	_, err := doAs(t, n, opA, call("DO", id))
	wants(t, err, fault.Stuck, "")
	well.Store(true)
	runs.Store(0)
	o.Before = n
	first := protocoltest.NewNode(t, o)
	look := between{row: func() {
		if err := first.Protocols.Retry(t.Context(), opA); err != nil {
			t.Error(err)
		}
	}}
	o.Database = look.as
	wants(t, protocoltest.NewNode(t, o).Protocols.Retry(t.Context(), opA), fault.Locked, "operation-runs")
	if _, err := first.Protocols.Await(within(t), opA); err != nil || runs.Load() != 1 || number(t, first, id) != 1 {
		t.Errorf("%v after %d runs; the purse has %d", err, runs.Load(), number(t, first, id))
	}
	clean(t, first)
}

// TestItWaitsForItsProtocol: a life without the protocol leaves the operation to one that has it.
func TestItWaitsForItsProtocol(t *testing.T) {
	n, id := died(t, does(asksOnce))
	before := n.Operations(t)[0]
	without := protocoltest.NewNode(t, protocoltest.Options{Before: n, Bundles: bundles()})
	if n, err := without.Protocols.Resume(t.Context()); n != 0 || err != nil {
		t.Errorf("%d are taken over, %v", n, err)
	}
	if now := n.Operations(t)[0]; now.Runner != before.Runner || now.State != protocol.Running {
		t.Errorf("it is %s under %q, and was under %q", now.State, now.Runner, before.Runner)
	}
	with := protocoltest.NewNode(t, protocoltest.Options{Before: n, Bundles: bundles(does(asksOnce)), Fetch: answers})
	if n, err := with.Protocols.Resume(t.Context()); n != 1 || err != nil {
		t.Errorf("%d are taken over, %v", n, err)
	}
	if _, err := with.Protocols.Await(within(t), opA); err != nil || number(t, with, id) != 1 {
		t.Errorf("%v; the purse has %d", err, number(t, with, id))
	}
	clean(t, with)
}

// TestWhatWasTakenOverInVainIsTriedAgain: the database was away when the log was read. Later it
// runs, once: not while it runs already, and not when it has just ended.
func TestWhatWasTakenOverInVainIsTriedAgain(t *testing.T) {
	n, id := died(t, does(asksOnce))
	goesOn := newGate()
	away := fault.New(fault.Unavailable, "the database is away").Because("database-busy")
	var look between
	look.parts = func(parts [][]byte, err error) ([][]byte, error) {
		look.once.Do(func() { parts, err = nil, away })
		return parts, err
	}
	var ends atomic.Bool
	o := protocoltest.Options{Before: n, Bundles: bundles(does(asksOnce)), Database: look.as, Runner: "ours", Fetch: func(context.Context, comm.Fetch) (comm.Fetched, error) {
		goesOn.pass()
		return comm.Fetched{Status: 200}, nil
	}}
	next := protocoltest.NewNode(t, o)
	look.rows = func(f protocol.Filter) {
		if f.Runner == "ours" && !f.NotRunner && ends.Load() { // it ends after it was listed
			close(goesOn.open)
			if _, err := next.Protocols.Await(within(t), opA); err != nil {
				t.Error(err)
			}
		}
	}
	resume := func(want int, kind fault.Kind) {
		t.Helper()
		n, err := next.Protocols.Resume(t.Context())
		wants(t, err, kind, "")
		if n != want {
			t.Errorf("%d are gone on with, not %d", n, want)
		}
	}
	resume(0, fault.Unavailable)
	resume(1, 0)
	wait(t, goesOn.reached, "it runs")
	resume(0, 0)
	ends.Store(true)
	resume(0, 0)
	if number(t, next, id) != 1 {
		t.Errorf("the purse has %d", number(t, next, id))
	}
	clean(t, next)
}

// TestAnUnreadableLogIsNotRunOver: what has happened is not known, so nothing runs again, and the
// instruments stay leased until the log can be read.
func TestAnUnreadableLogIsNotRunOver(t *testing.T) {
	for name, row := range map[string]struct {
		parts  func([][]byte, error) ([][]byte, error)
		reason fault.Reason
	}{
		"damaged": {func(p [][]byte, err error) ([][]byte, error) { p[0][len(p[0])/2] ^= 1; return p, err }, "seal-broken"},
		"gone":    {func([][]byte, error) ([][]byte, error) { return nil, nil }, "log-incomplete"},
	} {
		t.Run(name, func(t *testing.T) {
			n, id := died(t, does(asksOnce))
			look := between{parts: row.parts}
			next := protocoltest.NewNode(t, protocoltest.Options{
				Before: n, Bundles: bundles(does(asksOnce)), Database: look.as,
				Fetch: func(context.Context, comm.Fetch) (comm.Fetched, error) {
					t.Error("its code runs again")
					return comm.Fetched{Status: 200}, nil
				},
			})
			if _, err := next.Protocols.Resume(t.Context()); err != nil {
				t.Fatal(err)
			}
			_, err := next.Protocols.Await(within(t), opA)
			wants(t, err, fault.Stuck, row.reason)
			_, err = do(t, next, call("DO", id))
			wants(t, err, fault.Locked, "")
			later := protocoltest.NewNode(t, protocoltest.Options{Before: n, Bundles: bundles(does(asksOnce)), Fetch: answers})
			if err := later.Protocols.Retry(t.Context(), opA); err != nil {
				t.Fatal(err)
			}
			if _, err := later.Protocols.Await(within(t), opA); err != nil || number(t, later, id) != 1 {
				t.Errorf("%v; the purse has %d", err, number(t, later, id))
			}
			clean(t, later)
		})
	}
}
