package protocol_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// TestTwoLines: two operations that each stand in line for what the other needs
// next do not wait for each other.
func TestTwoLines(t *testing.T) {
	var n *protocoltest.Node
	disturb := func(id instrument.ID) {
		if err := n.Instruments.Update(context.Background(), func(d *instrument.Draft) error { return add(id, 100)(d) }); err != nil {
			t.Error(err)
		}
	}
	var mu sync.Mutex
	runs := map[instrument.ID]int{}
	var barriers [3]sync.WaitGroup
	for i := range barriers {
		barriers[i].Add(2)
	}
	meet := func(i int) { barriers[i].Done(); barriers[i].Wait() }
	code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		first, second := c.Instruments[0], c.Instruments[1]
		mu.Lock()
		runs[first]++
		run := runs[first]
		mu.Unlock()
		if run == 2 { // each stands in line for its first, and is outrun on its second
			err := s.Update(ctx, add(second, 1))
			meet(1)
			disturb(second)
			meet(2)
			return text("done"), errors.Join(err, s.Update(ctx, add(first, 1)))
		}
		err := errors.Join(s.Update(ctx, add(first, 1)), s.Update(ctx, add(second, 1)))
		if run == 1 { // each is outrun on its first
			meet(0)
			disturb(first)
		}
		return text("done"), err
	})
	n = protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(code)})
	ids := n.Create(t, instance("pool", state{}), instance("pool", state{}))
	var all sync.WaitGroup
	for _, order := range [][]instrument.ID{{ids[0], ids[1]}, {ids[1], ids[0]}} {
		all.Go(func() {
			if _, err := do(t, n, call("DO", order...)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if a, b := number(t, n, ids[0]), number(t, n, ids[1]); a != 202 || b != 202 {
		t.Errorf("the pools have %d and %d after %v runs", a, b, runs)
	}
	clean(t, n)
}

// TestLeasedAndOnlyRead: what an operation has only read of its leased
// instruments is still so when its change is committed, though somebody who asks
// for no lease has changed it meanwhile.
func TestLeasedAndOnlyRead(t *testing.T) {
	for _, op := range []string{"DO", "KEYED"} {
		t.Run(op, func(t *testing.T) {
			var n *protocoltest.Node
			var disturb sync.Once
			code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
				var seen int
				err := s.Update(ctx, func(tx instrument.Tx) error {
					i, err := tx.Get(c.Instruments[1])
					if err != nil {
						return err
					}
					var have state
					err = i.Decode(&have)
					seen = have.N
					return err
				})
				disturb.Do(func() {
					if err := n.Instruments.Update(ctx, func(d *instrument.Draft) error { return add(c.Instruments[1], 5)(d) }); err != nil {
						t.Error(err)
					}
				})
				return text("done"), errors.Join(err, s.Update(ctx, add(c.Main(), seen)))
			})
			n = protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(code)})
			ids := n.Create(t, instance("purse", state{}), instance("purse", state{}))
			if _, err := do(t, n, call(op, ids...)); err != nil {
				t.Fatal(err)
			}
			if got := number(t, n, ids[0]); got != 5 {
				t.Errorf("it went by %d, which was not so any more", got)
			}
			clean(t, n)
		})
	}
}

// TestLockedIsDecidedAnew: a refusal because somebody holds an instrument does
// not outlive the holder, when the operation has to run again anyway.
func TestLockedIsDecidedAnew(t *testing.T) {
	var n *protocoltest.Node
	var ids []instrument.ID
	var disturb sync.Once
	code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		told := s.Update(ctx, add(ids[2], 1)) // held by somebody
		if told == nil {
			return text("written"), s.Update(ctx, add(ids[1], 1))
		}
		err := s.Update(ctx, add(ids[1], 1)) // the pool
		disturb.Do(func() {
			err = errors.Join(err,
				n.Store.UpdateInstruments(ctx, func(w instrument.Writer) error { return w.Release(opB) }),
				n.Instruments.Update(ctx, func(d *instrument.Draft) error { return add(ids[1], 1)(d) }))
		})
		return text(fault.ReasonOf(told)), err
	})
	n = protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(code)})
	ids = n.Create(t, instance("purse", state{}), instance("pool", state{}), instance("purse", state{}))
	if err := n.Store.UpdateInstruments(t.Context(), func(w instrument.Writer) error { return w.Lease(ids[2], 1, opB) }); err != nil {
		t.Fatal(err)
	}
	got, err := do(t, n, call("DO", ids[0]))
	if err != nil || string(got.Value) != `"written"` || number(t, n, ids[2]) != 1 || number(t, n, ids[1]) != 2 {
		t.Errorf("result %s, %v; %d and %d", got.Value, err, number(t, n, ids[2]), number(t, n, ids[1]))
	}
	clean(t, n)
}

// TestLastWords: an initiator may speak and leave. If it fails before it has
// spoken, its peer hears nothing.
func TestLastWords(t *testing.T) {
	for _, c := range []struct {
		name  string
		fails error
		heard bool
	}{{"it ends well", nil, true}, {"it fails", fault.New(fault.Declined, "no"), false}} {
		t.Run(c.name, func(t *testing.T) {
			code := sides(
				func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
					return text("bye"), errors.Join(s.Send(ctx, 7), c.fails)
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
			requests := make(chan protocoltest.Frame, 10)
			pair.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate { requests <- f; return protocoltest.Deliver })
			_, err := pair.Execute(t.Context(), "test", call("DO"))
			if (err == nil) != c.heard {
				t.Fatal(err)
			}
			if !c.heard {
				if err := pair.Initiator.Protocols.Close(t.Context()); err != nil { // whatever was on its way is out
					t.Error(err)
				}
				if len(requests) != 0 {
					t.Errorf("its peer heard %+v", <-requests)
				}
				return
			}
			wait := within(t)
			err = pair.Servicer.Instruments.WaitTopic(wait, instrument.Operations, func(context.Context) (bool, error) {
				return earned(t, pair.Servicer) == 7, nil
			})
			if err != nil || wait.Err() != nil {
				t.Errorf("its peer heard nothing: %v", err)
			}
		})
	}
}

// TestPluginDies: code that runs elsewhere dies after something is durable: it is
// run again once, then its operator is called, whatever kind of fault that is.
func TestPluginDies(t *testing.T) {
	runs := 0
	code := stepper{run: func(ctx context.Context, b protocol.Begin, d protocol.Door) error {
		runs++
		fetch := protocol.Step{N: 1, Kind: protocol.StepFetch, Fetch: &protocol.Request{Address: b.Leased[0].ID, Method: "GET", Path: "/"}}
		if _, err := d.Exchange(ctx, []protocol.Step{fetch}); err != nil {
			return err
		}
		return fault.New(fault.Unavailable, "the plugin has ended").Because("plugin-ended")
	}}
	var srv server
	n := protocoltest.NewNode(t, protocoltest.Options{Fetch: srv.fetch, Bundles: bundles(code)})
	id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
	_, err := doAs(t, n, opA, call("DO", id))
	wants(t, err, fault.Stuck, "plugin-ended")
	if runs != 2 || len(srv.seen()) != 1 {
		t.Errorf("%d runs, %d requests", runs, len(srv.seen()))
	}
	records, err := n.Protocols.Records(t.Context(), protocol.Filter{State: protocol.Stuck})
	if err != nil || len(records) != 1 || records[0].Fault == nil || records[0].Fault.Reason != "plugin-ended" {
		t.Errorf("records: %+v, %v", records, err)
	}
}

// TestAlwaysTooLate: an operation that is too late whenever it has run, or has another
// refusal to hear each time, does not run for ever.
func TestAlwaysTooLate(t *testing.T) {
	for name, late := range map[string]func(n *protocoltest.Node, id instrument.ID, run int) func(instrument.Tx) error{
		"others are faster": func(n *protocoltest.Node, id instrument.ID, _ int) func(instrument.Tx) error {
			addTo(t, n, id, 1, nil)
			return add(id, 1)
		},
		"its code refuses to be refused": func(_ *protocoltest.Node, id instrument.ID, run int) func(instrument.Tx) error {
			return edit(id, func(i *instrument.Instance, st *state) { i.Status, st.N = "lost", run })
		},
	} {
		t.Run(name, func(t *testing.T) {
			var n *protocoltest.Node
			var pool instrument.ID
			runs := 0
			code := does(func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
				if runs++; runs > 1000 {
					return text("too often"), nil
				}
				seen := runs
				return text("done"), s.Update(ctx, func(tx instrument.Tx) error {
					if _, err := tx.Get(pool); err != nil {
						return err
					}
					return late(n, pool, seen)(tx)
				})
			})
			n = protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(code), Unchecked: true})
			pool = n.Create(t, instance("pool", state{}))[0]
			_, err := do(t, n, call("DO"))
			wants(t, err, fault.Conflict, "contended")
			clean(t, n)
		})
	}
}

// busy is a store that refuses a unit of work now and then, as one does whose
// queue is full.
type busy struct {
	protocol.Store
	refuse func(unit int) bool
	units  int
}

func (b *busy) UpdateOperations(ctx context.Context, unit func(protocol.Writer) error) error {
	if b.units++; b.refuse(b.units) {
		return fault.New(fault.Unavailable, "too much is waiting").Because("queue-full")
	}
	return b.Store.UpdateOperations(ctx, unit)
}

// TestBusyDatabase: an end that the database cannot take at the moment, with
// something outside, is tried again; before that it is the caller's.
func TestBusyDatabase(t *testing.T) {
	for _, c := range []struct {
		name    string
		refuse  func(unit int) bool
		kind    fault.Kind
		number  int
		fetched int
	}{
		{"when nothing is outside", func(int) bool { return true }, fault.Unavailable, 0, 0},
		{"when something is outside", func(unit int) bool { return unit == 2 || unit == 3 }, 0, 2, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var srv server
			n := protocoltest.NewNode(t, protocoltest.Options{
				Fetch:    srv.fetch,
				Database: func(s protocol.Store) protocol.Store { return &busy{Store: s, refuse: c.refuse} },
				Bundles: bundles(does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
					if err := s.Update(ctx, add(c.Main(), 1)); err != nil {
						return protocol.Result{}, err
					}
					if _, err := s.Fetch(ctx, protocol.Request{Address: c.Main(), Method: "GET", Path: "/"}); err != nil {
						return protocol.Result{}, err
					}
					return text("done"), s.Update(ctx, add(c.Main(), 1))
				})),
			})
			id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
			_, err := do(t, n, call("DO", id))
			wants(t, err, c.kind, "")
			if number(t, n, id) != c.number || len(srv.seen()) != c.fetched {
				t.Errorf("the purse has %d after %d requests", number(t, n, id), len(srv.seen()))
			}
			clean(t, n)
		})
	}
}
