package protocol_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// TestRepetition is about the idempotency key.
func TestRepetition(t *testing.T) {
	newNode := func(t *testing.T, hold *gate) (*protocoltest.Node, instrument.ID, *atomic.Int32) {
		var effects atomic.Int32
		code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			if hold != nil {
				hold.pass()
			}
			if err := s.Update(ctx, edit(c.Main(), func(i *instrument.Instance, st *state) { st.N++; i.Status = "shut" })); err != nil {
				return protocol.Result{}, err
			}
			effects.Add(1)
			return text("first"), nil
		})
		n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(code)})
		return n, n.Create(t, instance("purse", state{}))[0], &effects
	}
	t.Run("later: the first outcome, though its instruments have moved on", func(t *testing.T) {
		n, id, _ := newNode(t, nil)
		for range 3 {
			got, err := doAs(t, n, opA, call("DO", id))
			if err != nil || string(got.Value) != `"first"` {
				t.Fatalf("result %s, %v", got.Value, err)
			}
		}
		if number(t, n, id) != 1 || len(n.Operations(t)) != 1 {
			t.Errorf("the purse has %d, %d rows", number(t, n, id), len(n.Operations(t)))
		}
	})
	t.Run("later, and nobody can see whether there was a first: unknown, and not refused", func(t *testing.T) {
		var rows unseen
		n := protocoltest.NewNode(t, protocoltest.Options{
			Bundles: bundles(does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
				return text("first"), s.Update(ctx, edit(c.Main(), func(i *instrument.Instance, _ *state) { i.Status = "shut" }))
			})),
			Database: func(s protocol.Store) protocol.Store { rows.Store = s; return &rows },
		})
		id := n.Create(t, instance("purse", state{}))[0]
		_, err := doAs(t, n, opA, call("DO", id))
		wants(t, err, 0, "")
		rows.on = true
		_, err = doAs(t, n, opA, call("DO", id))
		wants(t, err, fault.Unknown, protocol.ReasonPending)
	})
	t.Run("control: without a key the second one is refused", func(t *testing.T) {
		n, id, _ := newNode(t, nil)
		_, err := do(t, n, call("DO", id))
		wants(t, err, 0, "")
		_, err = do(t, n, call("DO", id))
		wants(t, err, fault.Conflict, "move-refused")
	})
	t.Run("at the same time: one run", func(t *testing.T) {
		hold := newGate()
		n, id, effects := newNode(t, hold)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				got, err := doAs(t, n, opA, call("DO", id))
				if err != nil || string(got.Value) != `"first"` {
					t.Errorf("result %s, %v", got.Value, err)
				}
			})
		}
		wait(t, hold.reached, "the operation runs")
		close(hold.open)
		all.Wait()
		if number(t, n, id) != 1 || effects.Load() < 1 {
			t.Errorf("the purse has %d", number(t, n, id))
		}
	})
	t.Run("in the next life", func(t *testing.T) {
		n, id, _ := newNode(t, nil)
		_, err := doAs(t, n, opA, call("DO", id))
		wants(t, err, 0, "")
		again := protocoltest.NewNode(t, protocoltest.Options{Before: n, Bundles: bundles(does(func(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
			return text("second"), nil
		}))})
		got, err := doAs(t, again, opA, call("DO", id))
		if err != nil || string(got.Value) != `"first"` {
			t.Errorf("result %s, %v", got.Value, err)
		}
	})
	t.Run("the instrument is held by another operation now", func(t *testing.T) {
		n, id, _ := newNode(t, nil)
		_, err := doAs(t, n, opA, call("DO", id))
		wants(t, err, 0, "")
		if err := n.Store.UpdateInstruments(t.Context(), func(w instrument.Writer) error { return w.Lease(id, 2, opB) }); err != nil {
			t.Fatal(err)
		}
		got, err := doAs(t, n, opA, call("DO", id))
		if err != nil || string(got.Value) != `"first"` {
			t.Errorf("result %s, %v", got.Value, err)
		}
	})
	t.Run("a failure is repeated as well", func(t *testing.T) {
		var runs atomic.Int32
		n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			return protocol.Result{}, errors.Join(s.Update(ctx, add(c.Main(), 1)), fault.New(fault.Declined, "declined %d", runs.Add(1)))
		}))})
		id := n.Create(t, instance("purse", state{}))[0]
		_, first := doAs(t, n, opA, call("DO", id))
		_, second := doAs(t, n, opA, call("DO", id))
		wants(t, second, fault.Declined, "")
		if fmt.Sprint(first) != fmt.Sprint(second) || number(t, n, id) != 1 {
			t.Errorf("first %v, then %v; the purse has %d", first, second, number(t, n, id))
		}
	})
}

// unseen is a database whose operations cannot be read.
type unseen struct {
	protocol.Store
	on bool
}

func (u *unseen) OperationRow(ctx context.Context, id instrument.OperationID) (protocol.Row, error) {
	if u.on {
		return protocol.Row{}, fault.New(fault.Internal, "the database is broken")
	}
	return u.Store.OperationRow(ctx, id)
}

// TestKeyReuse shows that an id belongs to one call of one party.
func TestKeyReuse(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*protocol.Execution)
		same   bool
	}{
		{"the same call", func(*protocol.Execution) {}, true},
		{"another deadline", func(r *protocol.Execution) { r.Call.Deadline = time.Now().Add(time.Hour) }, true},
		{"arguments spelled differently", func(r *protocol.Execution) { r.Call.Args = []byte("{ \"b\": \"\\u0041\", \"a\": 1 }") }, true},
		{"other arguments", func(r *protocol.Execution) { r.Call.Args = []byte(`{"a":2,"b":"A"}`) }, false},
		{"another instrument", func(r *protocol.Execution) { r.Call.Instruments = nil }, false},
		{"another operation", func(r *protocol.Execution) { r.Call.Operation = protocol.Pay }, false},
		{"another peer", func(r *protocol.Execution) { r.Peer.Key = "mallory" }, false},
		{"another principal", func(r *protocol.Execution) { r.Principal = "mallory" }, false},
		{"the other side", func(r *protocol.Execution) { r.Side = protocol.Servicer }, false},
	} {
		for _, running := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, running %v", c.name, running), func(t *testing.T) {
				hold := newGate()
				code := does(func(ctx context.Context, s protocol.Session, call protocol.Call) (protocol.Result, error) {
					hold.pass()
					return text("secret"), nil
				})
				n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(code)})
				id := n.Create(t, instance("purse", state{}))[0]
				r := protocol.Execution{ID: opA, Protocol: "test", Principal: "gary", Call: call("DO", id)}
				r.Call.Args = []byte(`{"a":1,"b":"A"}`)
				first := make(chan struct{})
				go func() {
					defer close(first)
					if _, err := n.Protocols.Execute(t.Context(), r); err != nil {
						t.Error(err)
					}
				}()
				wait(t, hold.reached, "the operation runs")
				if !running {
					close(hold.open)
					wait(t, first, "it has ended")
				}
				other := r
				c.change(&other)
				done := make(chan struct{})
				go func() {
					defer close(done)
					got, err := n.Protocols.Execute(t.Context(), other)
					if c.same {
						if err != nil || string(got.Value) != `"secret"` {
							t.Errorf("result %s, %v", got.Value, err)
						}
						return
					}
					wants(t, err, fault.Conflict, "key-reused")
					if got.Value != nil {
						t.Errorf("the result %s was shown", got.Value)
					}
				}()
				if running && !c.same {
					wait(t, done, "the other call is refused")
				}
				if running {
					close(hold.open)
				}
				wait(t, done, "the other call has ended")
				wait(t, first, "it has ended")
			})
		}
	}
}
