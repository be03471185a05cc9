package protocol_test

import (
	"context"
	"errors"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// TestCodeFindsWhatItHasMade: under its key, before anything of it is durable, in the same Update
// and in a later one.
func TestCodeFindsWhatItHasMade(t *testing.T) {
	n := protocoltest.NewNode(t, protocoltest.Options{Unchecked: true, Bundles: bundles(does(func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
		var made, same, later instrument.ID
		err := s.Update(ctx, func(tx instrument.Tx) (err error) {
			i := instance("purse", state{N: 1})
			i.Owner, i.Keys = "", map[string]string{"tag": "mine"}
			if made, err = tx.Create(i); err != nil {
				return err
			}
			same, err = tx.Find("purse", "tag", "mine")
			return err
		})
		err = errors.Join(err, s.Update(ctx, func(tx instrument.Tx) (err error) {
			later, err = tx.Find("purse", "tag", "mine")
			return err
		}))
		if made == "" || same != made || later != made {
			t.Errorf("it has made %q, and finds %q and later %q", made, same, later)
		}
		return text("done"), err
	}))})
	if _, err := do(t, n, call("DO")); err != nil {
		t.Fatal(err)
	}
}

// TestAnEndInsideAnUpdateIsItsError: whatever the closure makes of what it is told.
func TestAnEndInsideAnUpdateIsItsError(t *testing.T) {
	begun, told := make(chan struct{}), make(chan error, 2)
	n := protocoltest.NewNode(t, protocoltest.Options{Unchecked: true, Bundles: bundles(does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		close(begun)
		<-ctx.Done() // the end of this life
		err := s.Update(ctx, func(tx instrument.Tx) error {
			_, _ = tx.Get(c.Instruments[1])
			_, again := tx.Get(c.Instruments[1])
			told <- again
			return nil
		})
		told <- err
		return text("done"), nil
	}))})
	ids := n.Create(t, instance("purse", state{}), instance("pool", state{}))
	ended := make(chan error, 1)
	go func() {
		_, err := do(t, n, call("DO", ids...))
		ended <- err
	}()
	wait(t, begun, "the code runs")
	if err := n.Protocols.Close(within(t)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		wants(t, <-told, fault.Suspended, "")
	}
	wants(t, <-ended, fault.Unknown, protocol.ReasonPending)
}

// TestARewindInsideAnUpdateIsHeardOnce: a closure that goes on asking asks nobody. The code runs
// again, and is told there which step was refused.
func TestARewindInsideAnUpdateIsHeardOnce(t *testing.T) {
	n := protocoltest.NewNode(t, protocoltest.Options{Unchecked: true, Bundles: bundles(does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		refused := s.Update(ctx, edit(c.Instruments[0], func(i *instrument.Instance, _ *state) { i.Status = "nonsense" }))
		err := s.Update(ctx, func(tx instrument.Tx) error {
			_, _ = tx.Get(c.Instruments[1])
			_, _ = tx.Get(c.Instruments[2])
			return nil
		})
		return text(fault.KindOf(refused)), err
	}))})
	ids := n.Create(t, instance("purse", state{}), instance("pool", state{}), instance("pool", state{}))
	if got, err := do(t, n, call("DO", ids...)); err != nil || string(got.Value) != `"conflict"` {
		t.Errorf("%s, %v", got.Value, err)
	}
	clean(t, n)
}

// TestAPrefixNamesOneOperation: what an operator does to an operation is done to no other.
func TestAPrefixNamesOneOperation(t *testing.T) {
	const like = "00010203ffffffffffffffffffffffff" // opA
	n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(does(func(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
		return text("done"), nil
	}))})
	for _, id := range []instrument.OperationID{opA, like} {
		if _, err := doAs(t, n, id, call("DO")); err != nil {
			t.Fatal(err)
		}
	}
	for prefix, row := range map[string]struct {
		id     instrument.OperationID
		kind   fault.Kind
		reason fault.Reason
	}{
		"00010203F":   {like, 0, ""},
		"0001020304":  {opA, 0, ""},
		"00010203":    {"", fault.Invalid, "name-ambiguous"},
		"0001020":     {"", fault.NotFound, "operation-unknown"},
		"fffffffffff": {"", fault.NotFound, "operation-unknown"},
	} {
		id, err := n.Protocols.Named(t.Context(), prefix)
		if wants(t, err, row.kind, row.reason); id != row.id {
			t.Errorf("%s names %q", prefix, id)
		}
	}
}

// TestOnlyOursAreForgone: an operation that a peer has begun, and one without a peer, go on.
func TestOnlyOursAreForgone(t *testing.T) {
	there, alone := newGate(), newGate()
	code := sides(
		func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			if c.Operation == "KEYED" {
				alone.pass()
				return text("alone"), nil
			}
			return text("done"), errors.Join(s.Send(ctx, 1), s.Recv(ctx, nil))
		},
		func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			err := s.Recv(ctx, nil)
			there.pass()
			return text("taken"), err
		},
	)
	pair := protocoltest.Connect(
		protocoltest.NewNode(t, protocoltest.Options{Role: comm.Client, Bundles: bundles(code), Unchecked: true}),
		protocoltest.NewNode(t, protocoltest.Options{Role: comm.Vendor, Bundles: bundles(code), Unchecked: true}),
	)
	ended := make(chan error, 2)
	go func() {
		_, err := pair.ExecuteAs(t.Context(), opA, "test", call("DO"))
		ended <- err
	}()
	go func() {
		_, err := doAs(t, pair.Initiator, opB, call("KEYED"))
		ended <- err
	}()
	wait(t, there.reached, "the peer has begun it")
	wait(t, alone.reached, "the other runs")
	wants(t, pair.Servicer.Protocols.Forgo(within(t), opA), fault.Conflict, "peer-not-awaited")
	wants(t, pair.Initiator.Protocols.Forgo(within(t), opB), fault.Conflict, "peer-not-awaited")
	close(there.open)
	close(alone.open)
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	clean(t, pair.Initiator, pair.Servicer)
}
