package instrument_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// TestAWalk: more than are read at a time, in their order, up to where one wants no more; and
// behind those that were altered, unless whoever walks says otherwise.
func TestAWalk(t *testing.T) {
	p := open(t)
	var all, altered []instrument.ID
	for n := range 600 {
		all = append(all, p.create(t, number("purse", n)))
	}
	slices.Sort(all)
	for _, n := range []int{0, 255, 256, 599} {
		altered = append(altered, all[n])
		r, err := p.store.Row(t.Context(), all[n])
		if err != nil {
			t.Fatal(err)
		}
		r.Sealed = append(slices.Clone(r.Sealed), 0)
		if err := p.store.UpdateInstruments(t.Context(), func(w instrument.Writer) error { return w.Update(r, r.Version, "") }); err != nil {
			t.Fatal(err)
		}
	}
	walk := func(last int, closed error) (seen, broken []instrument.ID, err error) {
		err = p.Walk(t.Context(), instrument.Filter{Class: "purse"}, func(i instrument.Instance) (bool, error) {
			seen = append(seen, i.ID)
			return i.ID != all[last], nil
		}, func(id instrument.ID, why error) error {
			wants(t, why, fault.Internal, "seal-broken")
			broken = append(broken, id)
			return closed
		})
		return seen, broken, err
	}
	seen, broken, err := walk(599, nil)
	if whole := slices.DeleteFunc(slices.Clone(all), func(id instrument.ID) bool { return slices.Contains(altered, id) }); err != nil || !slices.Equal(seen, whole) || !slices.Equal(broken, altered) {
		t.Errorf("%d were seen and %v not, %v", len(seen), broken, err)
	}
	if seen, broken, err := walk(300, nil); err != nil || len(seen) != 298 || len(broken) != 3 {
		t.Errorf("up to number 300 %d were seen and %v not, %v", len(seen), broken, err)
	}
	stop := errors.New("no further")
	seen = nil
	err = p.Walk(t.Context(), instrument.Filter{Class: "purse"}, func(i instrument.Instance) (bool, error) {
		seen = append(seen, i.ID)
		return true, stop
	}, func(instrument.ID, error) error { return nil })
	if !errors.Is(err, stop) || len(seen) != 1 {
		t.Errorf("up to the first that fails: %d, %v", len(seen), err)
	}
	if seen, broken, err := walk(599, stop); !errors.Is(err, stop) || len(seen) != 0 || len(broken) != 1 {
		t.Errorf("up to the first that was altered: %d, %v, %v", len(seen), broken, err)
	}
}
