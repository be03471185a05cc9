package instrument_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/instrument"
)

// TestAStampStaysWhileNothingOfItsClassIsChanged, by this process: others count by the next test.
func TestAStampStaysWhileNothingOfItsClassIsChanged(t *testing.T) {
	p := open(t)
	purse, pool := p.create(t, number("purse", 1)), p.create(t, number("pool", 1))
	stamp := func() instrument.Stamp {
		t.Helper()
		s, known := p.Stamp("purse")
		if !known {
			t.Fatal("it is not known, and nobody else has the database")
		}
		return s
	}
	again := edit(pool, func(i *instrument.Instance) { i.State = []byte("2") })
	before := stamp()
	p.view(t, purse)
	if err := p.Update(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	if stamp() != before {
		t.Error("a change of another class has changed it")
	}
	if err := p.Update(t.Context(), edit(purse, func(i *instrument.Instance) { i.State = []byte("2") })); err != nil {
		t.Fatal(err)
	}
	if stamp() == before {
		t.Error("a change of its class has not changed it")
	}
}

// TestAStampThatIsKnownMissesNoOtherProcess, whether or not this one has written since.
func TestAStampThatIsKnownMissesNoOtherProcess(t *testing.T) {
	p := openFile(t)
	purse := p.create(t, number("purse", 0))
	pool := p.create(t, number("pool", 0))
	there := p.elsewhere(t)
	for n := range 20 {
		before, known := p.Stamp("purse")
		if err := there.Update(t.Context(), edit(purse, func(i *instrument.Instance) { i.State = []byte{byte('0' + n%10)} })); err != nil {
			t.Fatal(err)
		}
		if n%2 == 0 {
			if err := p.Update(t.Context(), edit(pool, func(i *instrument.Instance) { i.State = []byte{byte('0' + n%10)} })); err != nil {
				t.Fatal(err)
			}
		}
		if after, knows := p.Stamp("purse"); known && knows && after == before {
			t.Fatalf("%v stayed while another process has changed a purse", before)
		}
		if _, err := p.store.Foreign(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
