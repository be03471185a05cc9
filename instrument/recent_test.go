package instrument_test

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
)

// TestRecent: what this process has written is remembered as it has left it, and
// who wants to know how an instance is now is told that, whoever has changed it.
func TestRecent(t *testing.T) {
	p := open(t)
	id := p.create(t, number("purse", 1))
	recent := func(m *instrument.Manager) int {
		t.Helper()
		i, err := m.Recent(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return count(t, i)
	}
	if err := p.Update(t.Context(), add(id, 1)); err != nil {
		t.Fatal(err)
	}
	other := manager(t, p.store, p.engine, tests()...)
	if got := recent(other); got != 2 {
		t.Errorf("who remembers nothing is told %d", got)
	}
	if err := other.Update(t.Context(), add(id, 5)); err != nil {
		t.Fatal(err)
	}
	if got := recent(p.Manager); got != 2 {
		t.Errorf("%d is remembered: the test shows nothing", got)
	}
	if got := count(t, p.view(t, id)); got != 7 {
		t.Errorf("it is %d now", got)
	}
	if err := p.Update(t.Context(), add(id, 1)); err != nil {
		t.Fatal(err)
	}
	if got := recent(p.Manager); got != 8 {
		t.Errorf("after the next change %d is remembered", got)
	}
	_, err := p.Recent(t.Context(), "nobody")
	wants(t, err, fault.NotFound, "instrument-unknown")
}

// TestAFailedChangeIsNotRemembered: neither the instance nor its key.
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
	if i, err := p.Recent(t.Context(), id); err != nil || count(t, i) != 1 {
		t.Errorf("%s is remembered, %v", i.State, err)
	}
	_, err = p.Find(t.Context(), "purse", "tag", "a")
	wants(t, err, fault.NotFound, "instrument-unknown")
}

// owners is a sealer that could have a key for each owner.
type owners struct{ *crypto.Engine }

func (o owners) For(instrument.PrincipalID) (instrument.OwnerSeal, error) { return o.Engine, nil }

// TestWhoseItIsIsNotRemembered: where instruments are sealed anew for other owners,
// which is no new version of them, rows are not remembered.
func TestWhoseItIsIsNotRemembered(t *testing.T) {
	p := open(t)
	m, err := instrument.NewManager(instrument.Parts{
		Store: p.store, Sealer: owners{p.engine}, Clock: time.Now, Random: rand.Reader, Classes: tests(),
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Manager = m
	id := p.create(t, number("purse", 1))
	if err := p.Reseal(t.Context(), instrument.Filter{Class: "purse"}, "dora"); err != nil {
		t.Fatal(err)
	}
	if i, err := p.Recent(t.Context(), id); err != nil || i.Owner != "dora" {
		t.Errorf("it is said to be %q's, %v", i.Owner, err)
	}
}
