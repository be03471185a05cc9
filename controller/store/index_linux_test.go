package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/swaperoo/swaperoo/instrument"
)

// frames is how many pages are in the log of a database.
func frames(t *testing.T, db *DB) int64 {
	t.Helper()
	info, err := os.Stat(db.writer.path + "-wal")
	must(t, err)
	return (info.Size() - 32) / (4096 + 24)
}

// TestARowThatStaysInItsStatusWritesNoIndex counts the pages of a commit, and sees that a row is found
// by its status afterwards, also when somebody else has changed that.
func TestARowThatStaysInItsStatusWritesNoIndex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	a, b := openAt(t, path, Options{}), openAt(t, path, Options{})
	version := int64(0)
	put := func(db *DB, status string) int64 {
		t.Helper()
		r := instrument.Row{ID: "row", Class: "c", Owner: "me", Status: status, Version: version + 1, Sealed: []byte("x")}
		before := frames(t, db)
		must(t, db.UpdateInstruments(t.Context(), func(w instrument.Writer) error {
			if version == 0 {
				return w.Insert(r)
			}
			return w.Update(r, version, "")
		}))
		version++
		for _, s := range []string{"open", "shut"} {
			found, err := a.Rows(t.Context(), instrument.Filter{Class: "c", Status: s})
			must(t, err)
			if (len(found) == 1) != (s == status) || len(found) == 1 && found[0].Version != version {
				t.Errorf("of status %s: %v, when it is %s", s, found, status)
			}
		}
		return frames(t, db) - before
	}
	put(a, "open")
	if n := put(a, "open"); n != 1 {
		t.Errorf("a row in its status takes %d pages", n)
	}
	if n := put(a, "shut"); n != 2 {
		t.Errorf("a row and its new status take %d pages", n)
	}
	must(t, a.UpdateInstruments(t.Context(), func(w instrument.Writer) error { // there and back, in one commit
		r := instrument.Row{ID: "row", Class: "c", Owner: "me", Status: "open", Version: version + 1, Sealed: []byte("x")}
		back := r
		back.Status, back.Version = "shut", version+2
		return errors.Join(w.Update(r, version, ""), w.Update(back, version+1, ""))
	}))
	version += 2
	if r, err := a.Rows(t.Context(), instrument.Filter{Class: "c", Status: "shut"}); err != nil || len(r) != 1 {
		t.Errorf("a row that has got its status back: %v, %v", r, err)
	}
	put(b, "open") // which a does not know
	put(a, "shut")
	put(b, "open")
	put(a, "open")
}
