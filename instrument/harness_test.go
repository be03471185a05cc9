package instrument_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
)

// party is a Manager on a real store, with what tests look at behind its back.
type party struct {
	*instrument.Manager
	store  *store.DB
	engine *crypto.Engine
	path   string // of the database; empty in memory
}

// tests are the classes of most tests: a purse that is held alone and a pool
// that is shared, both of numbers.
func tests() []instrument.Class {
	return []instrument.Class{class{id: "purse"}, class{id: "pool", shareable: true}}
}

func open(t testing.TB, classes ...instrument.Class) *party {
	t.Helper()
	db, err := store.OpenMemory(t.Context(), store.Options{})
	return opened(t, db, err, "", newEngine(t), classes)
}

func openFile(t testing.TB, classes ...instrument.Class) *party {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	db, err := store.Open(t.Context(), path, store.Options{})
	return opened(t, db, err, path, newEngine(t), classes)
}

func newEngine(t testing.TB) *crypto.Engine {
	t.Helper()
	key, err := crypto.RandomSecret(rand.Reader, crypto.KeySize)
	if err != nil {
		t.Fatal(err)
	}
	return crypto.NewEngine(key, nil)
}

func opened(t testing.TB, db *store.DB, err error, path string, e *crypto.Engine, classes []instrument.Class) *party {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if len(classes) == 0 {
		classes = tests()
	}
	return &party{Manager: manager(t, db, e, classes...), store: db, engine: e, path: path}
}

// elsewhere is what another process has of the party's database.
func (p *party) elsewhere(t testing.TB) *party {
	t.Helper()
	db, err := store.Open(t.Context(), p.path, store.Options{})
	return opened(t, db, err, p.path, p.engine, nil)
}

func manager(t testing.TB, db *store.DB, e *crypto.Engine, classes ...instrument.Class) *instrument.Manager {
	t.Helper()
	m, err := instrument.NewManager(instrument.Parts{Store: db, Sealer: e, Clock: time.Now, Random: rand.Reader, Classes: classes})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

type class struct {
	id        instrument.ClassID
	shareable bool
	check     func(old, new *instrument.Instance) error
}

func (c class) Info() instrument.Info {
	return instrument.Info{
		ID: c.id, Title: "Number", Keys: []string{"tag", "mark"}, Shareable: c.shareable, Checks: c.check != nil,
		Moves: []instrument.Move{{From: "", To: "open"}, {From: "open", To: "open"}, {From: "open", To: "shut"}},
	}
}

func (c class) Check(old, new *instrument.Instance) error { return c.check(old, new) }

func (c class) Prefer(p []string, circumstances instrument.Circumstances) (string, error) {
	return instrument.PreferFirst(p, circumstances), nil
}

func number(id instrument.ClassID, n int) instrument.Instance {
	return instrument.Instance{Class: id, Owner: "gary", Name: "Gary's " + string(id), Status: "open", State: fmt.Appendf(nil, "%d", n)}
}

func (p *party) create(t testing.TB, i instrument.Instance) instrument.ID {
	t.Helper()
	var id instrument.ID
	err := p.Update(t.Context(), func(d *instrument.Draft) (err error) {
		id, err = d.Create(i)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (p *party) view(t testing.TB, id instrument.ID) instrument.Instance {
	t.Helper()
	i, err := p.View(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func count(t testing.TB, i instrument.Instance) (n int) {
	t.Helper()
	if err := i.Decode(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// edit changes an instance.
func edit(id instrument.ID, f func(*instrument.Instance)) func(*instrument.Draft) error {
	return func(d *instrument.Draft) error {
		i, err := d.Get(id)
		if err != nil {
			return err
		}
		f(&i)
		return d.Put(i)
	}
}

func add(id instrument.ID, n int) func(*instrument.Draft) error {
	return func(d *instrument.Draft) error {
		i, err := d.Get(id)
		if err != nil {
			return err
		}
		var have int
		if err := i.Decode(&have); err != nil {
			return err
		}
		i.State = fmt.Appendf(nil, "%d", have+n)
		return d.Put(i)
	}
}

func wants(t testing.TB, err error, kind fault.Kind, reason fault.Reason) {
	t.Helper()
	if kind == 0 && err == nil {
		return
	}
	if !errors.Is(err, kind) || reason != "" && fault.ReasonOf(err) != reason {
		t.Errorf("the error is %v (%v, %q), wanted %v %q", err, fault.KindOf(err), fault.ReasonOf(err), kind, reason)
	}
}

func wait(t testing.TB, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(time.Minute):
		t.Fatalf("waited in vain until %s", what)
	}
}
