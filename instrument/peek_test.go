package instrument_test

import (
	"errors"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// TestPeeking shows that what was peeked at is what is read next, that only what is read is proved,
// and that what is looked at later is looked at anew.
func TestPeeking(t *testing.T) {
	p := open(t)
	var id instrument.ID
	if err := p.Update(t.Context(), func(d *instrument.Draft) (err error) {
		id, err = d.Create(instrument.Instance{Class: "pool", Owner: "me", Status: "open", State: []byte("1")})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	change := func() {
		t.Helper()
		if err := p.Update(t.Context(), func(d *instrument.Draft) error {
			i, err := d.Get(id)
			return errors.Join(err, d.Put(i))
		}); err != nil {
			t.Fatal(err)
		}
	}
	commit := func(d *instrument.Draft) error {
		c, err := d.Prepare()
		if err != nil {
			t.Fatal(err)
		}
		return p.store.UpdateInstruments(t.Context(), c.Write)
	}
	peek := func(d *instrument.Draft) int64 {
		t.Helper()
		i, err := d.Peek(id)
		if err != nil {
			t.Fatal(err)
		}
		i.State[0] = '9' // what was given out is the caller's
		return i.Version
	}
	read := func(d *instrument.Draft) int64 {
		t.Helper()
		i, err := d.Get(id)
		if err != nil || string(i.State) != "1" {
			t.Fatalf("%s, %v", i.State, err)
		}
		return i.Version
	}

	d := p.NewDraft(t.Context(), "")
	seen := peek(d)
	change()
	if read(d) != seen {
		t.Error("another version is read than was peeked at")
	}
	if _, outrun := errors.AsType[*instrument.VersionConflict](commit(d)); !outrun {
		t.Error("what was read is not proved")
	}

	d = p.NewDraft(t.Context(), "")
	seen = peek(d)
	change()
	if err := commit(d); err != nil {
		t.Errorf("what was only peeked at is proved: %v", err)
	}
	if peek(d) != seen+1 {
		t.Error("a second look sees what the first one saw")
	}
	change()
	d.Unpeek()
	if read(d) != seen+2 {
		t.Error("what was peeked at is read after it was forgotten")
	}
	if peek(d) != seen+2 {
		t.Error("what was read is not what is peeked at")
	}
	if _, err := d.Peek("0"); !errors.Is(err, fault.NotFound) {
		t.Errorf("nothing: %v", err)
	}
}
