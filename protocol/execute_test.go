package protocol_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// TestCommits counts what each kind of operation costs.
func TestCommits(t *testing.T) {
	purse := func(s protocol.Session, c protocol.Call) error {
		return s.Update(context.Background(), add(c.Main(), 1))
	}
	for _, c := range []struct {
		name    string
		op      string
		code    side
		commits uint64
		rows    int
		fails   fault.Kind
	}{
		{"a plain operation", "DO", func(_ context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			return text("done"), purse(s, c)
		}, 1, 1, 0},
		{"three updates", "DO", func(_ context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			return text("done"), errors.Join(purse(s, c), purse(s, c), purse(s, c))
		}, 1, 1, 0},
		{"an operation that changes nothing", "DO", func(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
			return text("done"), nil
		}, 1, 1, 0},
		{"an operation that only reads", "LOOK", func(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
			return text("done"), nil
		}, 0, 0, 0},
		{"an operation with a key of its class", "KEYED", func(_ context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			return text("done"), purse(s, c)
		}, 1, 0, 0},
		{"a request between two commits", "DO", func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			if err := purse(s, c); err != nil {
				return protocol.Result{}, err
			}
			if _, err := s.Fetch(ctx, protocol.Request{Address: c.Main(), Method: "GET", Path: "/"}); err != nil {
				return protocol.Result{}, err
			}
			return text("done"), purse(s, c)
		}, 2, 1, 0},
		{"a refusal of something that was not begun", "DO", func(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
			return protocol.Result{}, fault.New(fault.Declined, "no")
		}, 0, 0, fault.Declined},
		{"a refusal with a change", "DO", func(_ context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			return protocol.Result{}, errors.Join(purse(s, c), fault.New(fault.Declined, "no"))
		}, 1, 1, fault.Declined},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(does(c.code)), Fetch: answers})
			id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
			var err error
			if got := n.Commits(func() { _, err = do(t, n, call(c.op, id)) }); got != c.commits {
				t.Errorf("it cost %d commits, wanted %d", got, c.commits)
			}
			wants(t, err, c.fails, "")
			if rows := n.Operations(t); len(rows) != c.rows {
				t.Errorf("it keeps %d rows, wanted %d", len(rows), c.rows)
			}
			clean(t, n)
		})
	}
}

// TestRefusedUpdate shows that what an Update cannot do is what it returns, and
// that the code may then do something else.
func TestRefusedUpdate(t *testing.T) {
	shut := func(id instrument.ID) func(instrument.Tx) error {
		return edit(id, func(i *instrument.Instance, _ *state) { i.Status = "shut" })
	}
	for _, c := range []struct {
		name   string
		update func(c protocol.Call) func(instrument.Tx) error
		kind   fault.Kind
		reason fault.Reason
	}{
		{"a move that the class does not have", func(c protocol.Call) func(instrument.Tx) error {
			return edit(c.Main(), func(i *instrument.Instance, _ *state) { i.Status = "lost" })
		}, fault.Conflict, "move-refused"},
		{"a key that is taken", func(protocol.Call) func(instrument.Tx) error { return create("purse", "taken", state{}) }, fault.Conflict, "tag-taken"},
		{"an id that is taken", func(c protocol.Call) func(instrument.Tx) error {
			return func(tx instrument.Tx) error {
				i := instance("pool", state{})
				i.ID = c.Instruments[1]
				_, err := tx.Create(i)
				return err
			}
		}, fault.Conflict, "id-taken"},
		{"a class of another bundle", func(protocol.Call) func(instrument.Tx) error { return create("foreign", "", state{}) }, fault.Denied, "class-not-granted"},
		{"an instance held by somebody else", func(c protocol.Call) func(instrument.Tx) error { return add(instrument.ID(c.Invoice["held"]), 1) }, fault.Locked, "leased"},
		{"the class's own word", func(c protocol.Call) func(instrument.Tx) error {
			return edit(c.Main(), func(_ *instrument.Instance, st *state) { st.N = -1 })
		}, fault.Declined, "no-debts"},
		{"the closure's own error", func(protocol.Call) func(instrument.Tx) error {
			return func(instrument.Tx) error { return fault.New(fault.Declined, "not today").Because("not-today") }
		}, fault.Declined, "not-today"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code := does(func(ctx context.Context, s protocol.Session, call protocol.Call) (protocol.Result, error) {
				if err := s.Update(ctx, add(call.Main(), 1)); err != nil { // stays
					return protocol.Result{}, err
				}
				told := s.Update(ctx, c.update(call))
				if told == nil {
					// The refusal comes with the commit at the latest: then this is run again.
					return text("nothing was refused"), nil
				}
				if fault.KindOf(told) != c.kind || fault.ReasonOf(told) != c.reason {
					return text(fmt.Sprint("refused with ", told)), nil
				}
				return text("compensated"), s.Update(ctx, shut(call.Main()))
			})
			b := bundles(code)
			b[0].Classes[0] = class{id: "purse", check: func(_, after *instrument.Instance) error {
				var st state
				if err := after.Decode(&st); err != nil || st.N < 0 {
					return fault.New(fault.Declined, "a purse has no debts").Because("no-debts")
				}
				return nil
			}}
			b = append(b, protocol.Bundle{Name: "other", Classes: []instrument.Class{class{id: "foreign"}}})
			n := protocoltest.NewNode(t, protocoltest.Options{Bundles: b})
			ids := n.Create(t, instance("purse", state{}), instance("pool", state{}), instance("purse", state{}))
			if err := n.Instruments.Update(t.Context(), func(d *instrument.Draft) error { return create("purse", "taken", state{})(d) }); err != nil {
				t.Fatal(err)
			}
			if err := n.Store.UpdateInstruments(t.Context(), func(w instrument.Writer) error { return w.Lease(ids[2], 1, opB) }); err != nil {
				t.Fatal(err)
			}
			ask := call("DO", ids[0], ids[1])
			ask.Invoice = instrument.Invoice{"held": string(ids[2])}
			got, err := do(t, n, ask)
			if err != nil || string(got.Value) != `"compensated"` {
				t.Fatalf("result %s, %v", got.Value, err)
			}
			if i := n.View(t, ids[0]); i.Status != "shut" || number(t, n, ids[0]) != 1 {
				t.Errorf("the purse is %+v", i)
			}
		})
	}
}

// TestAnInstrumentOfAnotherBundle: whoever asks for it, code is given no instrument but of
// the classes that are its own.
func TestAnInstrumentOfAnotherBundle(t *testing.T) {
	for _, op := range []string{"DO", "LOOK", "KEYED"} {
		b := append(bundles(script{left: map[string]side{op: func(_ context.Context, _ protocol.Session, c protocol.Call) (protocol.Result, error) {
			t.Errorf("%s was given it", op)
			return text("done"), nil
		}}}), protocol.Bundle{Name: "other", Classes: []instrument.Class{class{id: "foreign"}}})
		n := protocoltest.NewNode(t, protocoltest.Options{Bundles: b})
		_, err := do(t, n, call(op, n.Create(t, instance("foreign", state{}))...))
		wants(t, err, fault.Denied, "class-not-granted")
		clean(t, n)
	}
}

// TestRefusalsAreForgotten shows that a refusal which was decided on reads that
// have changed since is not told to another step of the same number.
func TestRefusalsAreForgotten(t *testing.T) {
	var first sync.Once
	var n *protocoltest.Node
	var pool instrument.ID
	code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		var seen state
		err := s.Update(ctx, func(tx instrument.Tx) error { // step 1: an asking read
			i, err := tx.Get(pool)
			if err != nil {
				return err
			}
			return i.Decode(&seen)
		})
		if err != nil {
			return protocol.Result{}, err
		}
		if seen.N == 0 { // step 2 as it is at first: refused
			err := s.Update(ctx, edit(c.Main(), func(i *instrument.Instance, _ *state) { i.Status = "lost" }))
			first.Do(func() { // somebody else changes what was read, before it is refused
				if err := n.Instruments.Update(ctx, func(d *instrument.Draft) error { return add(pool, 1)(d) }); err != nil {
					t.Error(err)
				}
			})
			return text("too early"), err
		}
		return text(seen.N), s.Update(ctx, add(c.Main(), 1)) // step 2 as it is then
	})
	n = protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(code), Unchecked: true})
	ids := n.Create(t, instance("purse", state{}), instance("pool", state{}))
	pool = ids[1]
	got, err := do(t, n, call("DO", ids[0]))
	if err != nil || string(got.Value) != `"1"` || number(t, n, ids[0]) != 1 {
		t.Errorf("result %s, %v; the purse has %d", got.Value, err, number(t, n, ids[0]))
	}
}

// TestConflicts runs many operations on shared instances at once.
func TestConflicts(t *testing.T) {
	for _, c := range []struct {
		name  string
		class instrument.ClassID
	}{{"a shareable pool: found by version", "pool"}, {"an exclusive purse: one after the other", "purse"}} {
		t.Run(c.name, func(t *testing.T) {
			const many = 32
			code := does(func(ctx context.Context, s protocol.Session, call protocol.Call) (protocol.Result, error) {
				var seen int
				for _, id := range call.Instruments {
					err := s.Update(ctx, edit(id, func(_ *instrument.Instance, st *state) { seen = st.N; st.N++ }))
					if err != nil {
						return protocol.Result{}, err
					}
				}
				return text(seen), nil
			})
			n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(code)})
			ids := n.Create(t, instance(c.class, state{}), instance(c.class, state{}))
			back := []instrument.ID{ids[1], ids[0]}
			var all sync.WaitGroup
			results := make(chan string, many)
			for i := range many {
				order := ids // half of them in the other order: nobody may wait for ever
				if i%2 == 1 {
					order = back
				}
				all.Go(func() {
					got, err := do(t, n, call("DO", order...))
					if err != nil {
						t.Error(err)
					}
					results <- string(got.Value)
				})
			}
			all.Wait()
			close(results)
			seen := map[string]bool{}
			for r := range results {
				if seen[r] {
					t.Errorf("two operations saw %s", r)
				}
				seen[r] = true
			}
			if a, b := number(t, n, ids[0]), number(t, n, ids[1]); a != many || b != many {
				t.Errorf("the numbers are %d and %d", a, b)
			}
			clean(t, n)
		})
	}
}

// TestKeyRace shows that of many operations one takes a key, and that the others
// are told.
func TestKeyRace(t *testing.T) {
	const many = 16
	code := does(func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
		if err := s.Update(ctx, create("purse", "one", state{})); err != nil {
			return text(fault.ReasonOf(err)), nil
		}
		return text("mine"), nil
	})
	n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(code)})
	var all sync.WaitGroup
	var mine, taken atomic.Int32
	for range many {
		all.Go(func() {
			switch got, err := do(t, n, call("DO")); string(got.Value) {
			case `"mine"`:
				mine.Add(1)
			case `"tag-taken"`:
				taken.Add(1)
			default:
				t.Errorf("result %s, %v", got.Value, err)
			}
		})
	}
	all.Wait()
	if mine.Load() != 1 || taken.Load() != many-1 {
		t.Errorf("%d have it, %d were told", mine.Load(), taken.Load())
	}
	clean(t, n)
}
