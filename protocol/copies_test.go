package protocol_test

import (
	"context"
	"testing"

	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// Code in the host's own process gets copies and gives copies: whatever it does with the memory of what it
// was handed, or has put back, changes nothing that is kept or written.
func TestCodeHasCopiesOfItsOwn(t *testing.T) {
	spoil := func(i instrument.Instance) {
		clear(i.State)
		clear(i.Keys)
	}
	code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		for _, id := range c.Instruments {
			for range 2 {
				err := s.Update(ctx, func(tx instrument.Tx) error {
					looked, err := tx.Get(id)
					spoil(looked)
					if err != nil {
						return err
					}
					i, err := tx.Get(id)
					if err != nil {
						return err
					}
					defer spoil(i)
					var st state
					if err := i.Decode(&st); err != nil {
						return err
					}
					st.N++
					if err := i.Encode(st); err != nil {
						return err
					}
					return tx.Put(i)
				})
				if err != nil {
					return protocol.Result{}, err
				}
			}
		}
		return text(""), s.Update(ctx, func(tx instrument.Tx) error {
			i := instance("purse", state{N: 7})
			i.Owner, i.Keys = "", map[string]string{"tag": "made"}
			defer spoil(i)
			_, err := tx.Create(i)
			return err
		})
	})
	n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(code)})
	tagged := instance("purse", state{N: 1})
	tagged.Keys = map[string]string{"tag": "leased"}
	shared := instance("pool", state{N: 1})
	shared.Keys = map[string]string{"tag": "shared"}
	ids := n.Create(t, tagged, shared)
	if _, err := do(t, n, call("DO", ids...)); err != nil {
		t.Fatal(err)
	}
	made, err := n.Instruments.Find(t.Context(), "purse", "tag", "made")
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[instrument.ID]int{ids[0]: 3, ids[1]: 3, made: 7} {
		if got := number(t, n, id); got != want || n.View(t, id).Keys["tag"] == "" {
			t.Errorf("%s holds %d and has the keys %v, wanted %d", id, got, n.View(t, id).Keys, want)
		}
	}
}
