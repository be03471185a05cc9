package protocol_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// TestARefusalIsKnownAgainHoweverLateItIs lets the clock move whenever anybody
// looks at it, and stores the time with what is refused: the code that runs
// again must do the same thing, or it is refused for ever.
func TestARefusalIsKnownAgainHoweverLateItIs(t *testing.T) {
	var ticks atomic.Int64
	clock := func() time.Time { return time.Unix(1_700_000_000+ticks.Add(1), 0) }
	runs := 0
	code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		runs++
		found := ""
		err := s.Update(ctx, func(tx instrument.Tx) error { // a read that asks: its answer brings the time
			i, err := tx.Get(c.Instruments[1])
			found = i.Status
			return err
		})
		if err != nil {
			return protocol.Result{}, err
		}
		err = s.Update(ctx, create("purse", "taken", state{Ref: found + s.Now().String()}))
		return text(fault.ReasonOf(err)), nil
	})
	n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(code), Clock: clock})
	ids := n.Create(t, instance("purse", state{}), instance("pool", state{}))
	if err := n.Instruments.Update(t.Context(), func(d *instrument.Draft) error { return create("purse", "taken", state{})(d) }); err != nil {
		t.Fatal(err)
	}
	got, err := do(t, n, call("DO", ids...))
	if err != nil || string(got.Value) != `"tag-taken"` {
		t.Errorf("result %s, %v", got.Value, err)
	}
	if runs > 3 {
		t.Errorf("the code ran %d times", runs)
	}
}
