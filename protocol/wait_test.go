package protocol_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// TestCallerHangsUp shows that an operation goes on without its caller.
func TestCallerHangsUp(t *testing.T) {
	hold := newGate()
	n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		hold.pass()
		return text("done"), s.Update(ctx, add(c.Main(), 1))
	}))})
	id := n.Create(t, instance("purse", state{}))[0]
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-hold.reached
		cancel()
	}()
	_, err := n.Protocols.Execute(ctx, protocol.Execution{ID: opA, Protocol: "test", Call: call("DO", id)})
	wants(t, err, fault.Unknown, "pending")
	if strings.Contains(err.Error(), string(opA)) {
		t.Error("the error shows the whole id")
	}
	close(hold.open)
	got, err := doAs(t, n, opA, call("DO", id))
	if err != nil || string(got.Value) != `"done"` || number(t, n, id) != 1 {
		t.Errorf("result %s, %v", got.Value, err)
	}
}

// TestASharedOneIsUsedMeanwhile: whether others wait for an instrument that is in use is its
// class's to say (paper §3.3). One that is shareable keeps what all of them have written.
func TestASharedOneIsUsedMeanwhile(t *testing.T) {
	hold := newGate()
	n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		if err := s.Update(ctx, add(c.Main(), 1)); err != nil {
			return protocol.Result{}, err
		}
		if c.Args != nil {
			hold.pass()
		}
		return text("done"), nil
	}))})
	id := n.Create(t, instance("pool", state{}))[0]
	slow := call("DO", id)
	slow.Args = []byte(`1`)
	first := make(chan struct{})
	go func() {
		defer close(first)
		if _, err := do(t, n, slow); err != nil {
			t.Error(err)
		}
	}()
	wait(t, hold.reached, "the first one uses the pool")
	if _, err := do(t, n, call("DO", id)); err != nil || number(t, n, id) != 1 {
		t.Errorf("the second one, while the first goes on: %v, and the pool has %d", err, number(t, n, id))
	}
	close(hold.open)
	wait(t, first, "the first one ends")
	if got := number(t, n, id); got != 2 {
		t.Errorf("the pool has %d", got)
	}
	clean(t, n)
}

// TestWaitForLease: an operation waits in line for an instrument within its
// caller's time.
func TestWaitForLease(t *testing.T) {
	hold := newGate()
	n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		if c.Args != nil {
			hold.pass()
		}
		return text("done"), s.Update(ctx, add(c.Main(), 1))
	}))})
	id := n.Create(t, instance("purse", state{}))[0]
	holder := call("DO", id)
	holder.Args = []byte(`1`)
	first := make(chan struct{})
	go func() {
		defer close(first)
		if _, err := do(t, n, holder); err != nil {
			t.Error(err)
		}
	}()
	wait(t, hold.reached, "the first one holds the purse")
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := n.Protocols.Execute(ctx, protocol.Execution{ID: opA, Protocol: "test", Call: call("DO", id)})
	switch fault.KindOf(err) {
	case fault.Locked, fault.Timeout, fault.Unknown: // as far as it came
	default:
		t.Errorf("the impatient one got %v", err)
	}
	patient := make(chan struct{})
	go func() {
		defer close(patient)
		if _, err := doAs(t, n, opB, call("DO", id)); err != nil {
			t.Error(err)
		}
	}()
	close(hold.open)
	wait(t, first, "the first one ends")
	wait(t, patient, "the patient one ends")
	if got := number(t, n, id); got != 2 {
		t.Errorf("the purse has %d", got)
	}
	clean(t, n)
}
