package protocol_test

import (
	"context"
	"errors"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// TestAlong: what a controller adds is part of the commit that ends an operation well, and
// keeps no operation from its end.
func TestAlong(t *testing.T) {
	adds := func(id instrument.ID, then error) func(*instrument.Draft) error {
		return func(d *instrument.Draft) error {
			i, err := d.Get(id)
			if err != nil {
				return err
			}
			var st state
			if err := errors.Join(i.Decode(&st), i.Encode(state{N: st.N + 10})); err != nil {
				return err
			}
			return errors.Join(d.Put(i), then)
		}
	}
	for name, c := range map[string]struct {
		along func(n *protocoltest.Node, id instrument.ID) func(*instrument.Draft) error
		fails error
		want  int
	}{
		"is written with it": {func(_ *protocoltest.Node, id instrument.ID) func(*instrument.Draft) error { return adds(id, nil) }, nil, 11},
		"fails": {func(_ *protocoltest.Node, id instrument.ID) func(*instrument.Draft) error {
			return adds(id, errors.New("no"))
		}, nil, 1},
		"claims what is taken": {func(_ *protocoltest.Node, id instrument.ID) func(*instrument.Draft) error {
			return func(d *instrument.Draft) error {
				i, err := d.Get(id)
				if err != nil {
					return err
				}
				i.Keys = map[string]string{"tag": "taken"}
				return d.Put(i)
			}
		}, nil, 1},
		"not of one that fails": {func(_ *protocoltest.Node, id instrument.ID) func(*instrument.Draft) error { return adds(id, nil) }, fault.New(fault.Declined, "no"), 1},
	} {
		t.Run(name, func(t *testing.T) {
			n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(does(func(ctx context.Context, s protocol.Session, k protocol.Call) (protocol.Result, error) {
				if err := s.Update(ctx, add(k.Main(), 1)); err != nil {
					return protocol.Result{}, err
				}
				return text("done"), c.fails
			}))})
			other := instance("purse", state{})
			other.Keys = map[string]string{"tag": "taken"}
			ids := n.Create(t, instance("purse", state{}), other)
			r := protocol.Execution{Protocol: "test", Call: call("DO", ids[0]), Along: c.along(n, ids[0])}
			got, err := n.Protocols.Execute(t.Context(), r)
			if (err != nil) != (c.fails != nil) || err == nil && string(got.Value) != `"done"` {
				t.Fatalf("%s, %v", got.Value, err)
			}
			if have := number(t, n, ids[0]); have != c.want {
				t.Errorf("the purse has %d, want %d", have, c.want)
			}
		})
	}
}
