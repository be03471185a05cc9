package instrument_test

import (
	"errors"
	"testing"

	"github.com/swaperoo/swaperoo/instrument"
)

// What a Draft was given and what it has given stay the caller's: who changes it later
// does not change what is committed.
func TestADraftHasCopiesOfItsOwn(t *testing.T) {
	p := open(t)
	spoil := func(i instrument.Instance) { i.State[0] = '9' }
	holds := func(d *instrument.Draft, id instrument.ID, state string) {
		t.Helper()
		if i, err := d.Get(id); err != nil || string(i.State) != state {
			t.Fatalf("it is %s, %v, not %s", i.State, err, state)
		}
	}
	var id instrument.ID
	if err := p.Update(t.Context(), func(d *instrument.Draft) (err error) {
		i := instrument.Instance{Class: "pool", Owner: "me", Status: "open", State: []byte("1")}
		id, err = d.Create(i)
		spoil(i)
		holds(d, id, "1")
		got, failed := d.Get(id)
		spoil(got)
		holds(d, id, "1")
		return errors.Join(err, failed)
	}); err != nil {
		t.Fatal(err)
	}
	if err := p.Update(t.Context(), func(d *instrument.Draft) error {
		got, err := d.Get(id)
		spoil(got)
		holds(d, id, "1")
		got.State = []byte("2")
		err = errors.Join(err, d.Put(got))
		spoil(got)
		holds(d, id, "2")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if i, err := p.View(t.Context(), id); err != nil || string(i.State) != "2" {
		t.Errorf("committed is %s, %v", i.State, err)
	}
}
