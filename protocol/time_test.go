package protocol_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
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

// nowhere is a link over which the request may arrive and no answer ever comes.
type nowhere struct{ sent *gate }

func (n nowhere) Execute(context.Context, comm.Execute) (comm.Executed, error) {
	n.sent.pass()
	return comm.Executed{}, fault.New(fault.Unknown, "the answer cannot be read").Because("answer-malformed")
}

func (nowhere) Say(context.Context, comm.Said) error { return nil }

// TestACallerIsLetGoAtTheDeadline shows that nobody hangs on a peer that never
// answers what it may have done: the caller hears "pending", the operation asks on.
func TestACallerIsLetGoAtTheDeadline(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	n := protocoltest.NewNode(t, protocoltest.Options{
		Clock: func() time.Time { return now }, // it stands: however slow the disk is, the request goes in time
		Bundles: bundles(does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			return protocol.Result{}, errors.Join(s.Update(ctx, add(c.Main(), 1)), s.Recv(ctx, nil))
		})),
	})
	id := n.Create(t, instance("purse", state{}))[0]
	link := nowhere{newGate()}
	close(link.sent.open)
	c := call("DO", id)
	c.Deadline = now.Add(time.Nanosecond)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := n.Protocols.Execute(ctx, protocol.Execution{ID: opA, Protocol: "test", Call: c, Link: link, Peer: comm.Peer{Role: comm.Vendor}})
	wants(t, err, fault.Unknown, "pending")
	if ctx.Err() != nil {
		t.Error("the deadline did not let the caller go")
	}
	wait(t, link.sent.reached, "the request is sent")
	rows := n.Operations(t)
	if len(rows) != 1 || rows[0].State != protocol.Running {
		t.Errorf("the operation does not go on: %+v", rows)
	}
}

// breaking is a link whose peer breaks at each request, and tells of the second one.
type breaking struct {
	requests *atomic.Int32
	second   func()
}

func (b breaking) Execute(context.Context, comm.Execute) (comm.Executed, error) {
	if b.requests.Add(1) == 2 {
		b.second()
	}
	return comm.Executed{}, fault.New(fault.Unknown, "the server broke").Because("server-failed")
}

func (breaking) Say(context.Context, comm.Said) error { return nil }

// TestWhoIsLetGoHearsWhy: a peer that breaks each time is asked on, and whoever waits no
// longer hears what it says.
func TestWhoIsLetGoHearsWhy(t *testing.T) {
	n := protocoltest.NewNode(t, protocoltest.Options{
		Bundles: bundles(does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			return protocol.Result{}, errors.Join(s.Update(ctx, add(c.Main(), 1)), s.Recv(ctx, nil))
		})),
	})
	id := n.Create(t, instance("purse", state{}))[0]
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	link := breaking{new(atomic.Int32), cancel}
	_, err := n.Protocols.Execute(ctx, protocol.Execution{ID: opA, Protocol: "test", Call: call("DO", id), Link: link, Peer: comm.Peer{Role: comm.Vendor}})
	wants(t, err, fault.Unknown, "pending")
	if text := fault.From(err).Message; !strings.HasSuffix(text, "has not ended yet: the server broke") {
		t.Errorf("it is told %q", text)
	}
}
