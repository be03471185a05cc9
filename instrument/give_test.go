package instrument_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// TestGive: another owner has it then, for whom it is sealed; nothing else of it changes.
func TestGive(t *testing.T) {
	p := open(t)
	id := p.create(t, number("purse", 7))
	wants(t, p.Give(t.Context(), id, "gary", "family"), 0, "")
	i := p.view(t, id)
	if i.Owner != "family" || count(t, i) != 7 || i.Name != "Gary's purse" || i.Version != 2 {
		t.Errorf("%+v", i)
	}
	wants(t, p.Update(t.Context(), add(id, 1)), 0, "")
	wants(t, p.Give(t.Context(), id, "gary", "friends"), fault.Conflict, "owner-changed")
	if i = p.view(t, id); i.Owner != "family" || count(t, i) != 8 {
		t.Errorf("%+v", i)
	}
}

// TestWhatIsInUseIsNotGiven: its operation counts against whom it belonged to.
func TestWhatIsInUseIsNotGiven(t *testing.T) {
	p := open(t)
	id := p.create(t, number("purse", 7))
	err := p.store.UpdateInstruments(t.Context(), func(w instrument.Writer) error { return w.Lease(id, 1, "payment") })
	wants(t, err, 0, "")
	wants(t, p.Give(t.Context(), id, "gary", "family"), fault.Locked, "leased")
	if i := p.view(t, id); i.Owner != "gary" {
		t.Errorf("%+v", i)
	}
}

// TestWhoHasReadItFindsItGiven: what was read before is written over nothing.
func TestWhoHasReadItFindsItGiven(t *testing.T) {
	p := open(t)
	id := p.create(t, number("pool", 7))
	given := false
	err := p.Update(t.Context(), func(d *instrument.Draft) error {
		i, err := d.Get(id)
		if err != nil {
			return err
		}
		if !given {
			given = true
			wants(t, p.Give(t.Context(), id, "gary", "family"), 0, "")
		}
		wants(t, i.Encode(count(t, i)+1), 0, "")
		return d.Put(i)
	})
	wants(t, err, 0, "")
	if i := p.view(t, id); i.Owner != "family" || count(t, i) != 8 {
		t.Errorf("%+v", i)
	}
}
