package instrument_test

import (
	"errors"
	"testing"

	"github.com/swaperoo/swaperoo/instrument"
)

// TestWhatIsRememberedOfAKeyIsProved has a manager remember the wrong instance for a key, as if the
// database had been altered since: the commit says so, and then the database is asked.
func TestWhatIsRememberedOfAKeyIsProved(t *testing.T) {
	p := open(t)
	var right, wrong instrument.ID
	if err := p.Update(t.Context(), func(d *instrument.Draft) (err error) {
		i := instrument.Instance{Class: "pool", Owner: "me", Status: "open", State: []byte("1")}
		if wrong, err = d.Create(i); err != nil {
			return err
		}
		i.Keys = map[string]string{"tag": "x"}
		right, err = d.Create(i)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	p.Misremember("pool", "tag", "x", wrong)
	var found []instrument.ID
	if err := p.Update(t.Context(), func(d *instrument.Draft) error {
		id, err := d.Find("pool", "tag", "x")
		if found = append(found, id); len(found) > 2 {
			return errors.New("it is found again and again")
		}
		return errors.Join(err, add(id, 1)(d))
	}); err != nil || len(found) != 2 || found[0] != wrong || found[1] != right {
		t.Fatalf("%v is found, %s is right: %v", found, right, err)
	}
	for id, want := range map[instrument.ID]string{right: "2", wrong: "1"} {
		if i, err := p.View(t.Context(), id); err != nil || string(i.State) != want {
			t.Errorf("%s: %s, %v", id, i.State, err)
		}
	}
}
