package operation

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// note is a class, and talk a protocol of it whose servicer dies while it is ill, with something durable.
type note struct{}

func (note) Info() instrument.Info {
	return instrument.Info{ID: "note", Title: "Note", Moves: []instrument.Move{{From: "", To: "kept"}}}
}
func (note) Check(_, _ *instrument.Instance) error { return nil }
func (note) Prefer(names []string, c instrument.Circumstances) (string, error) {
	return instrument.PreferFirst(names, c), nil
}

type talk struct{ ill *atomic.Bool }

func (talk) Info() protocol.Info                    { return protocol.Info{ID: "talk", Title: "Talk", Replay: 1} }
func (talk) CompatibleWith(instrument.ClassID) bool { return true }
func (talk) Operations(instrument.ClassID, comm.Role) []protocol.Operation {
	return []protocol.Operation{{Name: "DO", Messages: true, Instruments: protocol.WantsNone}}
}

func (p talk) DoOperation(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
	if s.Side() == protocol.Initiator {
		if err := errors.Join(s.Send(ctx, 1), s.Recv(ctx, nil), s.Send(ctx, 2), s.Recv(ctx, nil)); err != nil {
			return protocol.Result{}, err
		}
		return protocol.ResultOf("done")
	}
	err := errors.Join(s.Recv(ctx, nil), s.Update(ctx, func(tx instrument.Tx) error {
		_, err := tx.Create(instrument.Instance{Class: "note", Status: "kept", State: []byte(`{}`)})
		return err
	}), s.Send(ctx, 1), s.Recv(ctx, nil))
	if p.ill.Load() && err == nil {
		panic("the code dies")
	}
	return protocol.Result{Value: []byte(`"done"`)}, err
}

// What a peer has begun, and was stopped, goes on in the process that serves: the peer is there, and not where a command
// lets it go on.
func TestAStoppedOperationGoesOnWhereItIsServed(t *testing.T) {
	code := talk{new(atomic.Bool)}
	code.ill.Store(true)
	parts := []protocol.Bundle{{Name: "test", Classes: []instrument.Class{note{}}, Protocols: []protocol.Protocol{code}}}
	pair := protocoltest.NewPair(t, parts, parts)
	stopped := make(chan struct{}, 1000)
	pair.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
		if f.Executed != nil && f.Executed.Fault != nil && f.Executed.Fault.Reason == protocol.ReasonPending {
			stopped <- struct{}{}
		}
		return protocoltest.Deliver
	})
	const id = "000102030405060708090a0b0c0d0e0f"
	ended := make(chan error, 1)
	go func() {
		_, err := pair.ExecuteAs(t.Context(), id, "talk", protocol.Call{Operation: "DO", Class: "note"})
		ended <- err
	}()
	select {
	case <-stopped:
	case err := <-ended:
		t.Fatalf("it has ended: %v", err)
	}
	code.ill.Store(false)
	command := protocoltest.NewNode(t, protocoltest.Options{Role: comm.Vendor, Before: pair.Servicer, Bundles: parts, Looking: true})
	e := cli.New()
	e.Out, e.Err = io.Discard, io.Discard
	told := make(chan error, 1)
	go func() {
		served, err := leave(t.Context(), e, command.Protocols, id)
		if err == nil && !served {
			err = errors.New("nobody has taken it")
		}
		told <- err
	}()
	for n := 0; n == 0; { // as a process that serves looks every two seconds
		var err error
		if n, err = pair.Servicer.Protocols.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-told; err != nil {
		t.Errorf("the command says %v", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("its peer hears %v", err)
	}
}
