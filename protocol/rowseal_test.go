package protocol_test

import (
	"context"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// alters has every operation's row altered, wherever it is read.
type alters struct {
	protocol.Store
	how func(*protocol.Row)
}

func (a *alters) OperationRow(ctx context.Context, id instrument.OperationID) (protocol.Row, error) {
	r, err := a.Store.OperationRow(ctx, id)
	if err == nil && a.how != nil {
		a.how(&r)
	}
	return r, err
}

// TestARowIsOfItsPeerAndPrincipal: a row that was altered in the database to be another
// peer's gives that peer nothing of what the first has begun, such as a payment to have
// back; nor does one of another principal, protocol, operation or class. Who runs it and
// when may change. Rows that were sealed before all that was bound are opened.
func TestARowIsOfItsPeerAndPrincipal(t *testing.T) {
	store := &alters{}
	n := protocoltest.NewNode(t, protocoltest.Options{
		Bundles: bundles(does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			return text("done"), s.Update(ctx, add(c.Main(), 1))
		})),
		Database: func(s protocol.Store) protocol.Store {
			store.Store = s
			return store
		},
	})
	id := n.Create(t, instance("purse", state{}))[0]
	if _, err := doAs(t, n, opA, call("DO", id)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		how    func(*protocol.Row)
		broken bool
	}{
		"as it was":         {func(*protocol.Row) {}, false},
		"another runner":    {func(r *protocol.Row) { r.Runner = "another" }, false},
		"another peer":      {func(r *protocol.Row) { r.Peer = "mallory" }, true},
		"another principal": {func(r *protocol.Row) { r.Principal = "mallory" }, true},
		"another protocol":  {func(r *protocol.Row) { r.Protocol = "other" }, true},
		"another operation": {func(r *protocol.Row) { r.Operation = "UNDO" }, true},
		"another class":     {func(r *protocol.Row) { r.Class = "pool" }, true},
		"a shifted border":  {func(r *protocol.Row) { r.Peer, r.Principal = string(r.Principal)+r.Peer, "" }, true},
		"another digest":    {func(r *protocol.Row) { r.Digest[0] ^= 1 }, true},
		"sealed as before": {func(r *protocol.Row) {
			body, err := n.Engine.Open(r.Sealed, protocol.RowSeal(*r))
			if err == nil {
				r.Sealed, err = n.Engine.Seal(body, protocol.EarlierRowSeal(*r))
			}
			if err != nil {
				t.Error(err)
			}
		}, false},
	} {
		store.how = c.how
		if _, err := n.Protocols.Await(within(t), opA); (fault.ReasonOf(err) == "seal-broken") != c.broken {
			t.Errorf("%s: %v", name, err)
		}
	}
}
