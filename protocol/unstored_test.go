package protocol_test

import (
	"cmp"
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// full is a database whose disk is full for the next changes.
type full struct {
	protocol.Store
	left atomic.Int32
	as   error // commit-failed
}

func (f *full) UpdateOperations(ctx context.Context, unit func(protocol.Writer) error) error {
	if f.left.Add(-1) >= 0 {
		return cmp.Or(f.as, error(fault.New(fault.Unknown, "the disk is full").Because("commit-failed")))
	}
	return f.Store.UpdateOperations(ctx, unit)
}

// TestAServicersFullDiskIsNoEnd: a servicer that could not make durable what it was
// asked for has not answered. Its peer asks again, and hears the end once there is one.
func TestAServicersFullDiskIsNoEnd(t *testing.T) {
	code := sides(
		func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			if err := s.Update(ctx, add(c.Main(), 1)); err != nil {
				return protocol.Result{}, err
			}
			if err := s.Send(ctx, "one"); err != nil {
				return protocol.Result{}, err
			}
			return text("paid"), s.Recv(ctx, nil)
		},
		func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			if err := s.Recv(ctx, nil); err != nil {
				return protocol.Result{}, err
			}
			return text("taken"), s.Update(ctx, func(tx instrument.Tx) error {
				i := instance("purse", state{N: 1})
				i.Owner = ""
				_, err := tx.Create(i)
				return err
			})
		})
	disk := &full{}
	pair := protocoltest.Connect(
		protocoltest.NewNode(t, protocoltest.Options{Role: comm.Client, Bundles: bundles(code)}),
		protocoltest.NewNode(t, protocoltest.Options{Role: comm.Vendor, Bundles: bundles(code), Database: func(s protocol.Store) protocol.Store { disk.Store = s; return disk }}),
	)
	id := pair.Initiator.Create(t, instance("purse", state{}))[0]
	disk.left.Store(2)
	got, err := pair.ExecuteAs(within(t), opA, "test", call("DO", id))
	if err != nil || string(got.Value) != `"paid"` || number(t, pair.Initiator, id) != 1 || earned(t, pair.Servicer) != 1 {
		t.Errorf("%s, %v; the purse has %d, the peer %d", got.Value, err, number(t, pair.Initiator, id), earned(t, pair.Servicer))
	}
	clean(t, pair.Initiator, pair.Servicer)
}

// TestAPeersDiskIsNotTheReaders: what an operator is told to do about their disk is
// nothing that the peer's person can do about theirs.
func TestAPeersDiskIsNotTheReaders(t *testing.T) {
	disk := &full{as: fault.New(fault.Unavailable, "the database has stopped").Because("store-stopped").WithHint("see to the disk")}
	n := protocoltest.NewNode(t, protocoltest.Options{
		Role: comm.Vendor, Database: func(s protocol.Store) protocol.Store { disk.Store = s; return disk },
		Bundles: bundles(does(func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			return text("taken"), s.Update(ctx, func(tx instrument.Tx) error {
				i := instance("purse", state{N: 1})
				i.Owner = ""
				_, err := tx.Create(i)
				return err
			})
		})),
	})
	disk.left.Store(1)
	got := n.Protocols.Serve(within(t), protocol.Execution{Protocol: "test", Call: call("DO")}, comm.Execute{Op: string(opA)})
	if f := got.Fault; f == nil || f.Kind != fault.Unavailable || f.Reason != "store-stopped" || f.Hint != "try again later" || !got.Again {
		t.Errorf("the peer hears %+v", got)
	}
}

// TestAFullDiskIsWaitedFor: once something is outside, an operation whose disk is full
// waits for room. It is no failure of what its peer has done.
func TestAFullDiskIsWaitedFor(t *testing.T) {
	code := sides(
		func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			if err := errors.Join(s.Update(ctx, add(c.Main(), 1)), s.Send(ctx, "one"), s.Recv(ctx, nil)); err != nil {
				return protocol.Result{}, err
			}
			return text("paid"), s.Update(ctx, add(c.Main(), 1))
		},
		func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			return text("taken"), s.Recv(ctx, nil)
		})
	disk := &full{as: fault.New(fault.Unavailable, "the disk is full").Because("disk-full")}
	pair := protocoltest.Connect(
		protocoltest.NewNode(t, protocoltest.Options{Role: comm.Client, Bundles: bundles(code), Database: func(s protocol.Store) protocol.Store { disk.Store = s; return disk }}),
		protocoltest.NewNode(t, protocoltest.Options{Role: comm.Vendor, Bundles: bundles(code)}),
	)
	id := pair.Initiator.Create(t, instance("purse", state{}))[0]
	pair.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
		if f.Executed != nil {
			disk.left.Store(3)
		}
		return protocoltest.Deliver
	})
	got, err := pair.ExecuteAs(within(t), opA, "test", call("DO", id))
	if err != nil || string(got.Value) != `"paid"` || number(t, pair.Initiator, id) != 2 || disk.left.Load() >= 0 {
		t.Errorf("%s, %v; the purse has %d", got.Value, err, number(t, pair.Initiator, id))
	}
	clean(t, pair.Initiator, pair.Servicer)
}
