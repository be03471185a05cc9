package operation

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
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

const begun = "000102030405060708090a0b0c0d0e0f"

// stopped is an operation that was stopped where a peer has begun it: by code that is well again.
// Its peer still waits, and says how it has ended.
func stopped(t *testing.T) (pair *protocoltest.Pair, parts []protocol.Bundle, ended <-chan error) {
	t.Helper()
	code := talk{new(atomic.Bool)}
	code.ill.Store(true)
	parts = []protocol.Bundle{{Name: "test", Classes: []instrument.Class{note{}}, Protocols: []protocol.Protocol{code}}}
	pair = protocoltest.NewPair(t, parts, parts)
	halts := make(chan struct{}, 1000)
	pair.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
		if f.Executed != nil && f.Executed.Fault != nil && f.Executed.Fault.Reason == protocol.ReasonPending {
			halts <- struct{}{}
		}
		return protocoltest.Deliver
	})
	end := make(chan error, 1)
	go func() {
		_, err := pair.ExecuteAs(t.Context(), begun, "talk", protocol.Call{Operation: "DO", Class: "note"})
		end <- err
	}()
	select {
	case <-halts:
	case err := <-end:
		t.Fatalf("it has ended: %v", err)
	}
	code.ill.Store(false)
	return pair, parts, end
}

// commandBeside is a command's process beside the one that serves, and what it says to the person.
func commandBeside(t *testing.T, serving *protocoltest.Node, parts []protocol.Bundle) (*protocol.Manager, *cli.Env, *bytes.Buffer) {
	t.Helper()
	nobodys := func(runner string) bool { return runner == "" } // the other one lives
	n := protocoltest.NewNode(t, protocoltest.Options{Role: comm.Vendor, Before: serving, Bundles: parts, Looking: true, Gone: nobodys})
	e, said := cli.New(), new(bytes.Buffer)
	e.Out, e.Err = io.Discard, said
	return n.Protocols, e, said
}

// What a peer has begun, and was stopped, goes on in the process that serves: the peer is there, and not where a command
// lets it go on.
func TestAStoppedOperationGoesOnWhereItIsServed(t *testing.T) {
	pair, parts, ended := stopped(t)
	command, e, _ := commandBeside(t, pair.Servicer, parts)
	err := meanwhile(t, pair.Servicer, func() (bool, error) { return leave(t.Context(), e, command, begun, waitFor) })
	if err != nil {
		t.Fatalf("the command says %v", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("its peer hears %v", err)
	}
}

// meanwhile is what a command says while another process serves, which looks every two seconds.
func meanwhile(t *testing.T, serving *protocoltest.Node, command func() (served bool, err error)) error {
	t.Helper()
	told := make(chan error, 1)
	go func() {
		served, err := command()
		if err == nil && !served {
			err = errors.New("nobody has taken it")
		}
		told <- err
	}()
	for {
		if _, err := serving.Protocols.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-told:
			return err
		default:
		}
	}
}

// What is to be given up is let go on there, too: the command took it to itself, where its peer
// could say nothing more, and then did not give it up.
func TestAStoppedOperationIsGivenUpWhereItIsServed(t *testing.T) {
	for _, row := range []struct {
		name string
		ill  bool
		want fault.Reason // that its peer hears
	}{{"it is stopped again", true, protocol.ReasonForgone}, {"it goes on", false, ""}} {
		t.Run(row.name, func(t *testing.T) {
			pair, parts, ended := stopped(t)
			parts[0].Protocols[0].(talk).ill.Store(row.ill)
			command, e, _ := commandBeside(t, pair.Servicer, parts)
			if err := meanwhile(t, pair.Servicer, func() (bool, error) { return forgoServed(t.Context(), e, command, begun) }); err != nil {
				t.Errorf("the command says %v", err)
			}
			if err := <-ended; fault.ReasonOf(err) != row.want {
				t.Errorf("its peer hears %v", err)
			}
		})
	}
}

// One whose plugin was removed goes on nowhere, and nobody is told that it does.
func TestAStoppedOperationWithoutItsPlugin(t *testing.T) {
	pair, _, _ := stopped(t)
	command, e, said := commandBeside(t, pair.Servicer, nil)
	_, err := leave(t.Context(), e, command, begun, waitFor)
	if fault.ReasonOf(err) != protocol.ReasonPending || !strings.Contains(fault.From(err).Hint, "plugin add") || said.Len() != 0 {
		t.Errorf("the command says %q, and %v", said, err)
	}
}

// Who goes away before one that serves can have found it is not told that none does.
func TestWhoGoesAwayFromAStoppedOperation(t *testing.T) {
	pair, parts, _ := stopped(t)
	command, e, _ := commandBeside(t, pair.Servicer, parts)
	ctx, away := context.WithCancel(t.Context())
	e.Err = leaving(away)
	if err := Wait(ctx, e, command, begun); fault.ReasonOf(err) != protocol.ReasonPending {
		t.Errorf("the command says %v", err)
	}
}

// leaving is what is said to a person who goes away at the first word.
type leaving func()

func (l leaving) Write(text []byte) (int, error) {
	l()
	return len(text), nil
}
