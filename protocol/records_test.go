package protocol_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// flips has one bit of one operation's row flipped.
type flips struct {
	protocol.Store
	of instrument.OperationID
}

func (f flips) OperationRows(ctx context.Context, which protocol.Filter) ([]protocol.Row, error) {
	rows, err := f.Store.OperationRows(ctx, which)
	for _, r := range rows {
		if r.ID == f.of {
			r.Sealed[len(r.Sealed)/2] ^= 1
		}
	}
	return rows, err
}

// TestABrokenRowHidesNoOther: who looks at operations sees all of them, and which
// one cannot be opened. Who decides by them gets an error.
func TestABrokenRowHidesNoOther(t *testing.T) {
	n := protocoltest.NewNode(t, protocoltest.Options{
		Bundles: bundles(does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			return text("done"), s.Update(ctx, add(c.Main(), 1))
		})),
		Database: func(s protocol.Store) protocol.Store { return flips{s, opA} },
	})
	id := n.Create(t, instance("purse", state{}))[0]
	for _, op := range []instrument.OperationID{opA, opB} {
		if _, err := doAs(t, n, op, call("DO", id)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := n.Protocols.Look(t.Context(), protocol.Filter{})
	if err != nil || len(got) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, r := range got {
		broken := r.ID == instrument.OperationID(protocol.Short(opA))
		if r.State != protocol.Ended || r.Class != "purse" || broken != (fault.ReasonOf(r.Fault) == "seal-broken") || broken == (r.Result != nil) {
			t.Errorf("%+v", r)
		}
	}
	if got, err := n.Protocols.Records(t.Context(), protocol.Filter{}); fault.ReasonOf(err) != "seal-broken" {
		t.Errorf("for a decision: %+v, %v", got, err)
	}
}

// rots has one bit of every operation's row flipped, wherever it is read.
type rots struct {
	flips
}

func (r rots) OperationRow(ctx context.Context, id instrument.OperationID) (protocol.Row, error) {
	row, err := r.Store.OperationRow(ctx, id)
	if id == r.of && err == nil {
		row.Sealed[len(row.Sealed)/2] ^= 1
	}
	return row, err
}

// TestABrokenRowDoesNotGoOn: what was begun and cannot be opened any more is
// stopped as it is, and whoever wants to go on with it is told what is wrong with
// it. It goes on when it is mended, and is not given up while its peer has a say.
func TestABrokenRowDoesNotGoOn(t *testing.T) {
	pair, id := interrupted(t, talk(2))
	before, err := pair.Initiator.Store.OperationRow(t.Context(), opA)
	if err != nil {
		t.Fatal(err)
	}
	broken := protocoltest.NewNode(t, protocoltest.Options{
		Role: comm.Client, Before: pair.Initiator, Bundles: bundles(talk(2)), Reach: pair.Wire.ToServicer,
		Database: func(s protocol.Store) protocol.Store { return rots{flips{s, opA}} },
	})
	if _, err := broken.Protocols.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	told := func(what string, err error, reason fault.Reason, words ...string) {
		t.Helper()
		f := fault.From(err)
		if f == nil || f.Reason != reason {
			t.Fatalf("%s: %v", what, err)
		}
		for _, word := range words {
			if !strings.Contains(f.Message+" — "+f.Hint, word) {
				t.Errorf("%s: %s — %s: nothing of %q", what, f.Message, f.Hint, word)
			}
		}
	}
	told("going on", broken.Protocols.Retry(t.Context(), opA), "seal-broken", "seal is broken", "nothing was changed", "operation show", "restore")
	_, err = broken.Protocols.Await(within(t), opA)
	told("waiting", err, "seal-broken", "seal is broken", "operation show", "restore")
	_, err = broken.Protocols.Abandon(t.Context(), opA)
	told("giving up", err, "value-outside", "cannot be opened", "restore")
	_, err = broken.Protocols.ForgoStopped(t.Context(), opA)
	told("giving up what is outside", err, "seal-broken", "cannot go on", "nothing was changed")
	after, err := pair.Initiator.Store.OperationRow(t.Context(), opA)
	if err != nil || after.State != protocol.Stuck {
		t.Fatalf("it is %v, %v", after.State, err)
	}
	// What is stored is what was stored, but for the bit that the reading flips.
	if after.Sealed[len(after.Sealed)/2] ^= 1; !bytes.Equal(after.Sealed, before.Sealed) {
		t.Error("what could not be opened was written over")
	}
	if number(t, broken, id) != 1 {
		t.Error("its instrument has changed")
	}
}

// TestABrokenRowIsGivenUp: what has nothing of value outside frees its instruments
// also where nobody can read any more what it was.
func TestABrokenRowIsGivenUp(t *testing.T) {
	out := newGate()
	o := protocoltest.Options{
		Bundles: bundles(does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			_, err := s.Fetch(ctx, protocol.Request{Address: c.Main(), Method: "GET", Path: "/", Repeat: true})
			return text("done"), err
		})),
		Fetch: unanswered(out),
	}
	n := protocoltest.NewNode(t, o)
	id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
	go func() {
		_, _ = n.Protocols.Execute(t.Context(), protocol.Execution{ID: opA, Protocol: "test", Call: call("DO", id)})
	}()
	wait(t, out.reached, "the question is out")
	if err := n.Protocols.Close(within(t)); err != nil {
		t.Fatal(err)
	}
	o.Before = n
	o.Database = func(s protocol.Store) protocol.Store { return rots{flips{s, opA}} }
	left, err := protocoltest.NewNode(t, o).Protocols.Abandon(t.Context(), opA)
	if err != nil || len(left) != 1 || left[0].ID != id {
		t.Fatalf("%+v, %v", left, err)
	}
	o.Database = nil
	got, err := protocoltest.NewNode(t, o).Protocols.Records(t.Context(), protocol.Filter{})
	if err != nil || len(got) != 1 || got[0].State != protocol.Ended || fault.ReasonOf(got[0].Fault) != protocol.ReasonAbandoned {
		t.Errorf("%+v, %v", got, err)
	}
}
