package store

import (
	"path/filepath"
	"testing"
)

// TestTheIndexIsClosedByTheLast closes one of two handles: had it closed the file of the index, SQLite's
// locks for the other one would be gone.
func TestTheIndexIsClosedByTheLast(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	a, b := openAt(t, path, Options{}), openAt(t, path, Options{})
	if a.memory.index == nil || a.memory.index != b.memory.index {
		t.Fatal("two handles of one database have not one index")
	}
	must(t, a.Close())
	commitVersion(t, b, "row", 1, "")
	if !remembers(b, "row") {
		t.Error("the other handle reads the index no more")
	}
	must(t, b.Close())
	var h head
	if b.memory.index.read(&h) || len(indexes.open) != 0 {
		t.Error("nobody has the database open, and the index is")
	}
}
