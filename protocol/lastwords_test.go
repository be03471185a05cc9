package protocol_test

import (
	"context"
	"errors"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// sevens is code whose initiator ends with a message, and whose servicer makes a purse of it.
func sevens() script {
	return sides(
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
}

// TestLastWordsSurvive: an initiator that has ended speaks in its next life until
// its peer has heard it.
func TestLastWordsSurvive(t *testing.T) {
	code := sevens()
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
