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
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// TestDeadline is about time that is up.
func TestDeadline(t *testing.T) {
	talk := sides(
		func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			if err := s.Update(ctx, add(c.Main(), 1)); err != nil { // the intent
				return protocol.Result{}, err
			}
			if err := s.Recv(ctx, nil); err != nil {
				return protocol.Result{}, errors.Join(err, s.Update(ctx, add(c.Main(), -1))) // taken back
			}
			return text("done"), nil
		},
		func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			return text("done"), s.Recv(ctx, nil)
		},
	)
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	stopped := protocoltest.Options{Bundles: bundles(talk), Clock: func() time.Time { return noon }}
	t.Run("the peer cannot be reached", func(t *testing.T) {
		pair := protocoltest.Connect(protocoltest.NewNode(t, stopped), protocoltest.NewNode(t, stopped))
		id := pair.Initiator.Create(t, instance("purse", state{}))[0]
		var attempts atomic.Int32
		pair.Wire.OnFrame(func(protocoltest.Frame) protocoltest.Fate { attempts.Add(1); return protocoltest.Refuse })
		c := call("DO", id)
		c.Deadline = noon.Add(50 * time.Millisecond)
		_, err := settled(t, pair, c)
		wants(t, err, fault.Unavailable, "")
		if number(t, pair.Initiator, id) != 0 || attempts.Load() < 1 {
			t.Errorf("the purse has %d after %d attempts", number(t, pair.Initiator, id), attempts.Load())
		}
		clean(t, pair.Initiator)
		_, err = pair.ExecuteAs(t.Context(), opA, "test", c)
		wants(t, err, fault.Unavailable, "")
	})
	t.Run("while the request is in flight only the answer ends it", func(t *testing.T) {
		// The last attempt before the deadline hangs and then arrives: whoever was
		// told "nothing has happened" at the deadline would be wrong.
		pair := protocoltest.Connect(
			protocoltest.NewNode(t, stopped),
			protocoltest.NewNode(t, protocoltest.Options{Role: comm.Vendor, Bundles: bundles(does(func(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
				return text("too late, but done"), nil
			}))}),
		)
		id := pair.Initiator.Create(t, instance("purse", state{}))[0]
		hold := newGate()
		pair.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
			if f.Execute != nil {
				hold.pass()
			}
			return protocoltest.Deliver
		})
		c := call("DO", id)
		c.Deadline = noon.Add(time.Nanosecond) // not over when the request goes, and over at once
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-hold.reached
			cancel() // the caller goes; the operation does not
		}()
		_, err := pair.ExecuteAs(ctx, opA, "test", c)
		wants(t, err, fault.Unknown, "pending")
		close(hold.open)
		got, err := settled(t, pair, c)
		if err != nil || string(got.Value) != `"done"` || number(t, pair.Initiator, id) != 1 {
			t.Errorf("result %s, %v; the purse has %d", got.Value, err, number(t, pair.Initiator, id))
		}
	})
	t.Run("a request whose time is over is not sent", func(t *testing.T) {
		pair := protocoltest.NewPair(t, bundles(talk), bundles(talk))
		id := pair.Initiator.Create(t, instance("purse", state{}))[0]
		pair.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
			t.Errorf("%+v was sent", f)
			return protocoltest.Deliver
		})
		c := call("DO", id)
		c.Deadline = time.Now().Add(-time.Second)
		_, err := pair.Execute(t.Context(), "test", c)
		wants(t, err, fault.Timeout, "deadline")
		clean(t, pair.Initiator, pair.Servicer)
	})
	t.Run("a servicer that waits in vain", func(t *testing.T) {
		// The initiator has an hour, and at the servicer it is over.
		late := protocoltest.Options{Role: comm.Vendor, Bundles: bundles(talk), Clock: func() time.Time { return noon.Add(time.Hour) }}
		pair := protocoltest.Connect(protocoltest.NewNode(t, stopped), protocoltest.NewNode(t, late))
		id := pair.Initiator.Create(t, instance("purse", state{}))[0]
		c := call("DO", id)
		c.Deadline = noon.Add(time.Hour)
		_, err := settled(t, pair, c)
		wants(t, err, fault.Timeout, "deadline") // the servicer's word, for something was sent
		if text := fault.From(err).Message; strings.Contains(text, "the peer") {
			t.Errorf("whoever was waited for reads %q, as if it had waited", text)
		}
		clean(t, pair.Initiator, pair.Servicer)
	})
}

// settled asks for the end of opA until it is there: a caller with a deadline may
// be let go before, where everything takes long.
func settled(t *testing.T, pair *protocoltest.Pair, c protocol.Call) (protocol.Result, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		got, err := pair.ExecuteAs(ctx, opA, "test", c)
		if fault.ReasonOf(err) != "pending" || ctx.Err() != nil {
			return got, err
		}
	}
}
