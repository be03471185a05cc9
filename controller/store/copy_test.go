package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/instrument"
)

// A copy is of one moment: what is in it was committed, without a gap, whoever
// writes meanwhile.
func TestACopyIsOfOneMoment(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "s.db")
	db := openFile(t, path, unhurried)
	writers := []*process{start(t, "append", path), start(t, "append", path)}
	seen := 0
	for n := range 5 {
		copied := filepath.Join(dir, "copy", string(rune('a'+n)))
		if err := os.MkdirAll(filepath.Dir(copied), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := db.CopyTo(t.Context(), copied); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the copy is %v, %v", info.Mode(), err)
		}
		there, err := store.Open(t.Context(), copied, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		rows, err := there.Rows(t.Context(), instrument.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		checkDense(t, there, len(rows)) // each unit writes a row and an entry of the journal
		if len(rows) < seen {
			t.Errorf("the copy has %d rows after one of %d", len(rows), seen)
		}
		seen = len(rows)
		if err := there.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, p := range writers {
		if out, err := p.wait(); err != nil {
			t.Errorf("a writer was disturbed: %v %v", err, out)
		}
	}
	checkDense(t, db, 2*perProcess)
}

func TestACopyReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	db := openFile(t, filepath.Join(dir, "s.db"), store.Options{})
	taken := filepath.Join(dir, "taken")
	if err := os.WriteFile(taken, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := db.CopyTo(t.Context(), taken); fault.ReasonOf(err) != "file-exists" {
		t.Errorf("over a file: %v", err)
	}
	if text, err := os.ReadFile(taken); err != nil || string(text) != "mine" {
		t.Errorf("the file is %q, %v", text, err)
	}
	if err := db.CopyTo(t.Context(), filepath.Join(dir, "nowhere", "copy")); err == nil {
		t.Error("a copy into a folder that is not there")
	}
}
