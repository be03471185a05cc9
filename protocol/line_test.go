package protocol_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// TestNoPlaceInLineWhileItWaits: an operation that was outrun leaves its place in
// line before it waits for its peer or for a server, who may take their time:
// meanwhile others that are outrun on the same instrument get their turn.
func TestNoPlaceInLineWhileItWaits(t *testing.T) {
	for _, c := range []struct {
		name string
		asks func(ctx context.Context, s protocol.Session, server instrument.ID) error
	}{
		{"for its peer", func(ctx context.Context, s protocol.Session, _ instrument.ID) error {
			var n int
			return errors.Join(s.Send(ctx, 1), s.Recv(ctx, &n))
		}},
		{"for a server", func(ctx context.Context, s protocol.Session, server instrument.ID) error {
			_, err := s.Fetch(ctx, protocol.Request{Address: server, Method: "GET", Path: "/"})
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var pair *protocoltest.Pair
			var pool instrument.ID
			disturb := func() { addTo(t, pair.Initiator, pool, 1, nil) }
			turn := func() { addTo(t, pair.Initiator, pool, 10, disturb) }
			runs := 0
			code := sides(
				func(ctx context.Context, s protocol.Session, call protocol.Call) (protocol.Result, error) {
					err := s.Update(ctx, add(pool, 100))
					if runs++; runs == 1 {
						disturb()
					}
					return text("done"), errors.Join(err, c.asks(ctx, s, call.Main()))
				},
				func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
					var n int
					err := s.Recv(ctx, &n)
					turn()
					return text("done"), errors.Join(err, s.Send(ctx, n))
				},
			)
			srv := server{answer: func(comm.Fetch) (comm.Fetched, error) {
				turn()
				return comm.Fetched{Status: 200}, nil
			}}
			pair = protocoltest.Connect(
				protocoltest.NewNode(t, protocoltest.Options{Fetch: srv.fetch, Bundles: bundles(code)}),
				protocoltest.NewNode(t, protocoltest.Options{Role: comm.Vendor, Bundles: bundles(code)}))
			ids := pair.Initiator.Create(t, instance("purse", state{URL: "https://example.org"}), instance("pool", state{}))
			pool = ids[1]
			if _, err := pair.Execute(t.Context(), "test", call("DO", ids[0])); err != nil {
				t.Fatal(err)
			}
			if got := number(t, pair.Initiator, pool); got != 112 || runs != 2 {
				t.Errorf("the pool has %d after %d runs", got, runs)
			}
			clean(t, pair.Initiator)
		})
	}
}

// TestNoPlaceInLineBeforeAnyWord: nor does one keep its place that was outrun, has
// nothing to write any more, and waits for the first word of the peer that has begun it.
func TestNoPlaceInLineBeforeAnyWord(t *testing.T) {
	b := &chatty{reached: make(chan struct{}), ends: make(chan comm.Executed, 1), until: time.Now().Add(time.Hour)}
	var pool instrument.ID
	runs := 0
	b.Node = protocoltest.NewNode(t, protocoltest.Options{Role: comm.Vendor, Bundles: bundles(does(
		func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			err := s.Update(ctx, func(tx instrument.Tx) error { // what it adds, another may have added
				i, err := tx.Get(pool)
				if err != nil {
					return err
				}
				var have state
				if err := i.Decode(&have); err != nil || have.N > 0 {
					return err
				}
				return add(pool, 1000)(tx)
			})
			switch runs++; runs {
			case 1:
				addTo(t, b.Node, pool, 1, nil)
			case 2:
				b.reached <- struct{}{}
			}
			var word string
			return text("done"), errors.Join(err, s.Recv(ctx, &word))
		}))})
	pool = b.Create(t, instance("pool", state{}))[0]
	op := b.begin(t.Context(), "customer")
	addTo(t, b.Node, pool, 10, func() { addTo(t, b.Node, pool, 1, nil) })
	if got := b.serve(t.Context(), "customer", op, word...); got.Fault != nil {
		t.Errorf("the customer is told %v", got.Fault)
	}
	if got := number(t, b.Node, pool); got != 12 || runs != 3 { // the last because what it has read is not so any more
		t.Errorf("the pool has %d after %d runs", got, runs)
	}
	clean(t, b.Node)
}

// TestNoPlaceInLineWhileItsCodeIsAway: nor while the code that was outrun has died and cannot
// be started yet, which says nothing of the code: it is no second death.
func TestNoPlaceInLineWhileItsCodeIsAway(t *testing.T) {
	var n *protocoltest.Node
	var pool instrument.ID
	disturb := func() { addTo(t, n, pool, 1, nil) }
	runs, starts := 0, 0
	code := stepper{script: does(func(ctx context.Context, s protocol.Session, call protocol.Call) (protocol.Result, error) {
		_, err := s.Fetch(ctx, protocol.Request{Address: call.Main(), Method: "GET", Path: "/"})
		switch runs++; runs {
		case 2:
			panic("the code dies")
		case 1:
			defer disturb()
		}
		return text("done"), errors.Join(err, s.Update(ctx, add(pool, 100)))
	})}
	code.run = func(ctx context.Context, b protocol.Begin, d protocol.Door) error {
		if starts++; starts == 2 {
			addTo(t, n, pool, 10, disturb)
			return fault.New(fault.Unavailable, "the plugin cannot be started now").Because("plugin-resting")
		}
		return protocol.Run(ctx, code.script, b, d, slog.New(slog.DiscardHandler))
	}
	var srv server
	n = protocoltest.NewNode(t, protocoltest.Options{Fetch: srv.fetch, Bundles: bundles(code)})
	ids := n.Create(t, instance("purse", state{URL: "https://example.org"}), instance("pool", state{}))
	pool = ids[1]
	if _, err := do(t, n, call("DO", ids[0])); err != nil {
		t.Fatal(err)
	}
	if got := number(t, n, pool); got != 112 || starts != 3 {
		t.Errorf("the pool has %d after %d starts", got, starts)
	}
	clean(t, n)
}

// addTo adds to a number as nobody's operation. With outrun, which comes between its look
// and its change, it needs the place in line.
func addTo(t testing.TB, n *protocoltest.Node, id instrument.ID, sum int, outrun func()) {
	t.Helper()
	var once sync.Once
	err := n.Instruments.Update(within(t), func(d *instrument.Draft) error {
		err := add(id, sum)(d)
		if outrun != nil {
			once.Do(outrun)
		}
		return err
	})
	if err != nil {
		t.Errorf("another did not get its turn: %v", err)
	}
}
