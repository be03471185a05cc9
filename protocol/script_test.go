package protocol_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// side is what one side of an operation does.
type side func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error)

// script is a protocol whose operations are written down by a test.
type script struct {
	id    string
	ops   []protocol.Operation
	left  map[string]side // initiators, by operation
	right map[string]side // servicers

	replay func() int // 1
}

func (p script) Info() protocol.Info {
	id := p.id
	if id == "" {
		id = "test"
	}
	if p.replay != nil {
		return protocol.Info{ID: id, Title: "Test", Replay: p.replay()}
	}
	return protocol.Info{ID: id, Title: "Test", Replay: 1}
}

func (p script) CompatibleWith(class instrument.ClassID) bool {
	return class == "purse" || class == "pool"
}

func (p script) Operations(instrument.ClassID, comm.Role) []protocol.Operation {
	plain := []protocol.Operation{
		{Name: "DO", Messages: true},
		{Name: "LOOK", ReadOnly: true, Messages: true},
		{Name: "KEYED", Keyed: true, Messages: true},
		{Name: protocol.Pay, Messages: true},
		{Name: protocol.Refund, Messages: true},
	}
	return append(plain, p.ops...)
}

func (p script) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	sides := p.left
	if s.Side() == protocol.Servicer {
		sides = p.right
	}
	f, ok := sides[c.Operation]
	if !ok {
		return protocol.Result{}, fault.New(fault.Unsupported, "there is no %s here", c.Operation)
	}
	return f(ctx, s, c)
}

// does is a script whose operation DO is f on either side.
func does(f side) script {
	all := map[string]side{"DO": f, "LOOK": f, "KEYED": f, protocol.Pay: f, protocol.Refund: f}
	return script{left: all, right: all}
}

// sides is a script of two different sides.
func sides(left, right side) script {
	s := does(left)
	s.right = does(right).left
	return s
}

// class is an instrument class of numbers: exclusive purses, shareable pools.
type class struct {
	id        instrument.ClassID
	shareable bool
	check     func(old, new *instrument.Instance) error
	outside   []string
}

func (c class) Info() instrument.Info {
	return instrument.Info{
		ID: c.id, Title: "Number", Keys: []string{"tag"}, Shareable: c.shareable, Checks: c.check != nil, Address: "url", Outside: c.outside,
		Moves: []instrument.Move{{From: "", To: "open"}, {From: "open", To: "open"}, {From: "open", To: "shut"}},
	}
}

func (c class) Check(old, new *instrument.Instance) error { return c.check(old, new) }

func (c class) Prefer(p []string, circumstances instrument.Circumstances) (string, error) {
	return instrument.PreferFirst(p, circumstances), nil
}

func bundles(p ...protocol.Protocol) []protocol.Bundle {
	return []protocol.Bundle{{
		Name: "test", Protocols: p,
		Classes: []instrument.Class{class{id: "purse"}, class{id: "pool", shareable: true}},
	}}
}

// state is what every instance of the tests holds.
type state struct {
	N   int    `json:"n"`
	URL string `json:"url,omitempty"`
	Ref string `json:"ref,omitempty"`
}

func instance(class instrument.ClassID, st state) instrument.Instance {
	i := instrument.Instance{Class: class, Owner: "gary", Status: "open"}
	if err := i.Encode(st); err != nil {
		panic(err)
	}
	return i
}

func number(t testing.TB, n *protocoltest.Node, id instrument.ID) int {
	t.Helper()
	var st state
	if err := n.View(t, id).Decode(&st); err != nil {
		t.Fatal(err)
	}
	return st.N
}

// add adds to the number of an instance.
func add(id instrument.ID, n int) func(instrument.Tx) error {
	return edit(id, func(i *instrument.Instance, st *state) { st.N += n })
}

func edit(id instrument.ID, f func(*instrument.Instance, *state)) func(instrument.Tx) error {
	return func(tx instrument.Tx) error {
		i, err := tx.Get(id)
		if err != nil {
			return err
		}
		var st state
		if err := i.Decode(&st); err != nil {
			return err
		}
		f(&i, &st)
		if err := i.Encode(st); err != nil {
			return err
		}
		return tx.Put(i)
	}
}

// create adds a purse with a tag.
func create(class instrument.ClassID, tag string, st state) func(instrument.Tx) error {
	return func(tx instrument.Tx) error {
		i := instance(class, st)
		i.Owner = "" // whoever the operation is for
		if tag != "" {
			i.Keys = map[string]string{"tag": tag}
		}
		_, err := tx.Create(i)
		return err
	}
}

func call(op string, ids ...instrument.ID) protocol.Call {
	return protocol.Call{Operation: op, Class: "purse", Instruments: ids}
}

func text(v any) protocol.Result {
	return protocol.Result{Value: fmt.Appendf(nil, "%q", fmt.Sprint(v))}
}

func do(t testing.TB, n *protocoltest.Node, c protocol.Call) (protocol.Result, error) {
	t.Helper()
	return n.Protocols.Execute(t.Context(), protocol.Execution{Protocol: "test", Call: c})
}

func doAs(t testing.TB, n *protocoltest.Node, id instrument.OperationID, c protocol.Call) (protocol.Result, error) {
	t.Helper()
	return n.Protocols.Execute(t.Context(), protocol.Execution{ID: id, Protocol: "test", Call: c})
}

const opA, opB instrument.OperationID = "000102030405060708090a0b0c0d0e0f", "f00102030405060708090a0b0c0d0e0f"

// wants checks kind and reason of an error; kind 0 wants none.
func wants(t testing.TB, err error, kind fault.Kind, reason fault.Reason) {
	t.Helper()
	if kind == 0 && err == nil {
		return
	}
	if !errors.Is(err, kind) || reason != "" && fault.ReasonOf(err) != reason {
		t.Errorf("the error is %v (%v, %q), wanted %v %q", err, fault.KindOf(err), fault.ReasonOf(err), kind, reason)
	}
}

// nextLife ends the life of a node and begins its next one on the same store, made with o, where
// the interrupted operations run on.
func nextLife(t testing.TB, n *protocoltest.Node, o protocoltest.Options) *protocoltest.Node {
	t.Helper()
	if err := n.Protocols.Close(within(t)); err != nil {
		t.Fatal(err)
	}
	o.Before = n
	next := protocoltest.NewNode(t, o)
	if _, err := next.Protocols.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	return next
}

// clean checks that no operation runs, no lease is left and the journal is dense.
func clean(t testing.TB, nodes ...*protocoltest.Node) {
	t.Helper()
	for _, n := range nodes {
		for _, r := range n.Operations(t) {
			if r.State == protocol.Running {
				t.Errorf("%s: operation %s still runs", n.Self.Name, protocol.Short(r.ID))
			}
			if log, err := n.Store.OperationLog(context.Background(), r.ID); err != nil || len(log) > 0 {
				t.Errorf("%s: operation %s has left %d parts of its log, %v", n.Self.Name, protocol.Short(r.ID), len(log), err)
			}
		}
		rows, err := n.Store.Rows(context.Background(), instrument.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if r.Lease != "" {
				t.Errorf("%s: instrument %s is still leased", n.Self.Name, r.ID)
			}
		}
		entries, err := n.Instruments.Journal(context.Background(), instrument.Operations, instrument.Page{Limit: 10000})
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range entries {
			if e.Seq != instrument.Seq(i+1) {
				t.Fatalf("%s: entry %d has the number %d", n.Self.Name, i, e.Seq)
			}
		}
	}
}

// gate lets a test hold others at one place.
type gate struct {
	reached, open chan struct{}
	once          sync.Once
}

func newGate() *gate { return &gate{reached: make(chan struct{}), open: make(chan struct{})} }

// pass is called at the place: it says that it is reached, and waits.
func (g *gate) pass() {
	g.once.Do(func() { close(g.reached) })
	<-g.open
}

func wait(t testing.TB, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-within(t).Done():
		t.Fatalf("waited in vain until %s", what)
	}
}

func raw(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

// unanswered is a server that answers nothing, and says when it was asked first.
func unanswered(out *gate) func(context.Context, comm.Fetch) (comm.Fetched, error) {
	return func(ctx context.Context, _ comm.Fetch) (comm.Fetched, error) {
		out.once.Do(func() { close(out.reached) })
		<-ctx.Done()
		return comm.Fetched{}, ctx.Err()
	}
}
