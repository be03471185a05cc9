package store

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// TestNumbersAfterAnotherProcessWrote has two handles take turns, and a control
// in which the first one does not look whether the other has written: it goes
// on from its memory, takes a number that is taken, and is stuck.
func TestNumbersAfterAnotherProcessWrote(t *testing.T) {
	for _, c := range []struct {
		name  string
		looks bool
	}{
		{"looks at data_version", true},
		{"control: trusts its memory", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "s.db")
			a, b := openAt(t, path, Options{}), openAt(t, path, Options{})
			for db, id := range map[*DB]instrument.ID{a: "a", b: "b"} {
				if err := db.UpdateInstruments(t.Context(), put(id)); err != nil {
					t.Fatal(err)
				}
			}
			if err := b.UpdateInstruments(t.Context(), put("b2")); err != nil {
				t.Fatal(err)
			}
			if !c.looks {
				pretendNothingChanged(t, a)
			}
			err := a.UpdateInstruments(t.Context(), put("a2"))
			if c.looks && err != nil {
				t.Fatal(err)
			}
			if !c.looks && !errors.Is(err, fault.Internal) {
				t.Fatalf("the control is not stuck: %v", err)
			}
		})
	}
}

// pretendNothingChanged reads the version on the writer's own connection, which
// the writer does not use while its queue is empty, as if it had read it before.
func pretendNothingChanged(t *testing.T, db *DB) {
	t.Helper()
	w := db.writer
	if err := w.begin(); err != nil {
		t.Fatal(err)
	}
	if len(w.last) != 0 {
		t.Fatal("the other's commit was not noticed")
	}
	if _, err := w.conn.exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	w.last["t"] = 1
}

// TestNumbersGivenBeforeTheCommit is the control for every test that follows a
// topic by number: numbers that are taken outside of the transaction become
// visible in another order, and a reader that follows by number misses one.
func TestNumbersGivenBeforeTheCommit(t *testing.T) {
	db := openTest(t, Options{})
	first, second := instrument.ID("00001"), instrument.ID("00002") // taken in this order,
	mark := instrument.ID("")
	var seen []instrument.ID
	for _, id := range []instrument.ID{second, first} { // committed in that
		if err := db.UpdateInstruments(t.Context(), put(id)); err != nil {
			t.Fatal(err)
		}
		rows, err := db.Rows(t.Context(), instrument.Filter{After: mark})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			seen = append(seen, r.ID)
			mark = r.ID
		}
	}
	if len(seen) != 1 || !has(t, db, first) {
		t.Errorf("the follower saw %v; the control shows nothing", seen)
	}
}
