package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// room lets the database grow by no more pages, or by any number again: what SQLite
// says then is what it says of a disk without room.
func room(t *testing.T, db *DB, pages string) {
	t.Helper()
	err := db.submit(context.Background(), func(w *work) error {
		_, err := w.writer.conn.exec("PRAGMA max_page_count = " + pages)
		return errors.Join(err, errNothing)
	})
	if !errors.Is(err, errNothing) || isEngine(err) {
		t.Fatal(err)
	}
}

// TestAFullDiskIsWaitedOut: while the disk has no room nothing is changed, and whoever
// changes something is told so. With room again the same database goes on.
func TestAFullDiskIsWaitedOut(t *testing.T) {
	var told []error
	var commits error // what a COMMIT ends with; nil: well
	db := openTest(t, Options{
		Stopped:      func(err error) { t.Errorf("it has stopped: %v", err) },
		Full:         func(err error) { told = append(told, err) },
		BeforeCommit: func(int) error { return commits },
	})
	big := func(id instrument.ID) error {
		return db.UpdateInstruments(t.Context(), func(w instrument.Writer) error {
			if err := put(id + "-first")(w); err != nil {
				return err
			}
			return w.Insert(instrument.Row{ID: id, Class: "coupon", Version: 1, Sealed: make([]byte, 1<<20)})
		})
	}
	isFullFault := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, fault.Unavailable) || fault.ReasonOf(err) != "disk-full" {
			t.Errorf("%s: %v", what, err)
		}
	}
	room(t, db, "1")
	full := big("a")
	isFullFault("a statement", full)
	isFullFault("another one", big("b"))
	room(t, db, "1000000")
	commits = full
	isFullFault("a COMMIT", big("c"))
	commits = nil
	if err := big("d"); err != nil {
		t.Fatalf("with room again: %v", err)
	}
	for id, want := range map[instrument.ID]bool{"a": false, "a-first": false, "b": false, "c": false, "c-first": false, "d": true, "d-first": true} {
		if has(t, db, id) != want {
			t.Errorf("%s is there: %v", id, !want)
		}
	}
	if len(told) != 2 || told[0] == nil || told[1] != nil {
		t.Errorf("the operator was told %v", told)
	}
	page, err := db.Entries(t.Context(), "t", instrument.Page{Limit: 10})
	if err != nil || len(page) != 1 || page[0].Seq != 1 {
		t.Errorf("the journal has %+v, %v", page, err)
	}
}

// TestAFullDiskIsNotReady: a unit that writes nothing is committed on a full disk, too,
// and is no sign of room. Room is: it writes.
func TestAFullDiskIsNotReady(t *testing.T) {
	told := 0
	var commits error
	db := openTest(t, Options{Full: func(error) { told++ }, BeforeCommit: func(int) error { return commits }})
	nothing := func() error { return db.UpdateInstruments(t.Context(), func(instrument.Writer) error { return nil }) }
	if err := db.Room(t.Context()); err != nil || db.Stats().Commits != 0 {
		t.Fatalf("with room: %v, %d commits", err, db.Stats().Commits)
	}
	room(t, db, "1")
	full := db.UpdateInstruments(t.Context(), func(w instrument.Writer) error {
		return w.Insert(instrument.Row{ID: "a", Class: "coupon", Version: 1, Sealed: make([]byte, 1<<20)})
	})
	if fault.ReasonOf(full) != "disk-full" {
		t.Fatal(full)
	}
	if err := nothing(); err != nil || told != 1 {
		t.Errorf("a commit of nothing: %v; the operator was told %d times", err, told)
	}
	commits = full
	if err := db.Room(t.Context()); fault.ReasonOf(err) != "disk-full" {
		t.Errorf("it has room: %v", err)
	}
	commits = nil
	if err := nothing(); err != nil || told != 1 {
		t.Errorf("another commit of nothing: %v; the operator was told %d times", err, told)
	}
	taken := db.writer.path + "-room"
	if err := os.MkdirAll(filepath.Join(taken, "by", "something"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := db.Room(t.Context()); fault.ReasonOf(err) != "disk-full" || told != 1 {
		t.Errorf("with room for one page: %v; the operator was told %d times", err, told)
	}
	if err := os.RemoveAll(taken); err != nil {
		t.Fatal(err)
	}
	if err := db.Room(t.Context()); err != nil || told != 2 {
		t.Errorf("with room again: %v; the operator was told %d times", err, told)
	}
}
