package protocol_test

import (
	"context"
	"testing"

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
