package protocoltest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// jar is a class of one status whose state is a number.
type jar struct{}

func (jar) Info() instrument.Info {
	return instrument.Info{ID: "jar", Title: "Jar", Moves: []instrument.Move{{From: "", To: "open"}, {From: "open", To: "open"}}}
}
func (jar) Check(_, _ *instrument.Instance) error { return nil }
func (jar) Prefer(p []string, c instrument.Circumstances) (string, error) {
	return instrument.PreferFirst(p, c), nil
}

// pour moves one coin from the initiator's jar to a new one of the servicer.
type pour struct{ careless bool }

func (pour) Info() protocol.Info                          { return protocol.Info{ID: "jar.pour", Title: "Pouring", Replay: 1} }
func (pour) CompatibleWith(class instrument.ClassID) bool { return class == "jar" }
func (pour) Operations(instrument.ClassID, comm.Role) []protocol.Operation {
	return []protocol.Operation{{Name: "POUR", Messages: true}}
}

func (p pour) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	if c.Operation != "POUR" {
		return protocol.Result{}, fault.New(fault.Unsupported, "there is only POUR")
	}
	if s.Side() == protocol.Servicer {
		var coins int
		if err := s.Recv(ctx, &coins); err != nil {
			return protocol.Result{}, err
		}
		err := s.Update(ctx, func(tx instrument.Tx) error {
			_, err := tx.Create(instrument.Instance{Class: "jar", Status: "open", State: fmt.Appendf(nil, "%d", coins)})
			return err
		})
		if err != nil {
			return protocol.Result{}, err
		}
		return protocol.ResultOf("thanks")
	}
	var had int
	total := 0
	err := s.Update(ctx, func(tx instrument.Tx) error {
		i, err := tx.Get(c.Main())
		if err != nil {
			return err
		}
		if err := i.Decode(&had); err != nil {
			return err
		}
		total++
		i.State = []byte("0")
		if p.careless {
			i.State = fmt.Appendf(nil, "%d", total)
		}
		return tx.Put(i)
	})
	if err != nil {
		return protocol.Result{}, err
	}
	if err := s.Send(ctx, had); err != nil {
		return protocol.Result{}, err
	}
	var answer string
	if err := s.Recv(ctx, &answer); err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(answer)
}

func bundle(p protocol.Protocol) []protocol.Bundle {
	return []protocol.Bundle{{Name: "jars", Classes: []instrument.Class{jar{}}, Protocols: []protocol.Protocol{p}}}
}

func TestPair(t *testing.T) {
	for _, c := range []struct {
		name string
		hook func(protocoltest.Frame) protocoltest.Fate
	}{
		{name: "all arrives"},
		{name: "the request arrives twice", hook: once(func(f protocoltest.Frame) bool { return f.Execute != nil }, protocoltest.Twice)},
		{name: "the request is lost", hook: once(func(f protocoltest.Frame) bool { return f.Execute != nil }, protocoltest.Drop)},
		{name: "the peer is down at first", hook: once(func(f protocoltest.Frame) bool { return f.Execute != nil }, protocoltest.Refuse)},
		{name: "the answer is lost", hook: once(func(f protocoltest.Frame) bool { return f.Executed != nil }, protocoltest.Drop)},
	} {
		t.Run(c.name, func(t *testing.T) {
			pair := protocoltest.NewPair(t, bundle(pour{}), bundle(pour{}))
			id := pair.Initiator.Create(t, instrument.Instance{Class: "jar", Owner: "gary", Status: "open", State: []byte("7")})[0]
			pair.Wire.OnFrame(c.hook)
			got, err := pair.Execute(t.Context(), "jar.pour", protocol.Call{Operation: "POUR", Class: "jar", Instruments: []instrument.ID{id}})
			if err != nil || string(got.Value) != `"thanks"` {
				t.Fatalf("result %s, %v", got.Value, err)
			}
			if left := pair.Initiator.View(t, id); string(left.State) != "0" {
				t.Errorf("the initiator has %s left", left.State)
			}
			jars, err := pair.Servicer.Instruments.List(t.Context(), instrument.Filter{Class: "jar"})
			if err != nil || len(jars) != 1 || string(jars[0].State) != "7" || jars[0].Owner != "vendor" {
				t.Errorf("the servicer has %+v, %v", jars, err)
			}
		})
	}
}

func once(which func(protocoltest.Frame) bool, fate protocoltest.Fate) func(protocoltest.Frame) protocoltest.Fate {
	var first sync.Once
	return func(f protocoltest.Frame) (out protocoltest.Fate) {
		if which(f) {
			first.Do(func() { out = fate })
		}
		return out
	}
}

func TestProtocolChecks(t *testing.T) { protocoltest.TestProtocol(t, pour{}, "jar") }

// complaints is a testing.TB that keeps what it is told.
type complaints struct {
	testing.TB
	said []string
}

func (c *complaints) Errorf(format string, args ...any) {
	c.said = append(c.said, fmt.Sprintf(format, args...))
}

func TestClosureThatAccumulatesIsFound(t *testing.T) {
	for _, careless := range []bool{false, true} {
		t.Run(fmt.Sprintf("careless %v", careless), func(t *testing.T) {
			listener := &complaints{TB: t}
			node := protocoltest.NewNode(t, protocoltest.Options{
				Bundles: bundle(protocoltest.Checked(listener, pour{careless})), Unchecked: true,
			})
			id := node.Create(t, instrument.Instance{Class: "jar", Owner: "gary", Status: "open", State: []byte("7")})[0]
			_, err := node.Protocols.Execute(t.Context(), protocol.Execution{
				Protocol: "jar.pour", Call: protocol.Call{Operation: "POUR", Class: "jar", Instruments: []instrument.ID{id}},
			})
			if !errors.Is(err, fault.Unsupported) { // there is no peer; the closure has run
				t.Fatal(err)
			}
			if found := strings.Contains(strings.Join(listener.said, ""), "run again"); found != careless {
				t.Errorf("complaints: %q", listener.said)
			}
		})
	}
}
