package instrument_test

import (
	"errors"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/instrument"
)

// TestAFailedChangeIsNotRemembered: of the key that it would have claimed nothing is known.
func TestAFailedChangeIsNotRemembered(t *testing.T) {
	failing := errors.New("the disk is gone")
	fails := false
	db, err := store.OpenMemory(t.Context(), store.Options{BeforeCommit: func(int) error {
		if fails {
			return failing
		}
		return nil
	}})
	p := opened(t, db, err, "", newEngine(t), nil)
	id := p.create(t, number("purse", 1))
	fails = true
	if err := p.Update(t.Context(), edit(id, func(i *instrument.Instance) {
		i.State, i.Keys = []byte("2"), map[string]string{"tag": "a"}
	})); !errors.Is(err, failing) {
		t.Fatal(err)
	}
	if i, err := p.View(t.Context(), id); err != nil || count(t, i) != 1 {
		t.Errorf("it is %s, %v", i.State, err)
	}
	_, err = p.Find(t.Context(), "purse", "tag", "a")
	wants(t, err, fault.NotFound, "instrument-unknown")
}
