package store

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"modernc.org/sqlite"
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
	if b.memory.index.read() != (head{}) || len(indexes.open) != 0 {
		t.Error("nobody has the database open, and the index is")
	}
}

// TestNoIndexIsClosedUnderAStray closes the database while a copy of it is made on a connection of its
// own, which has locks on the index that would be gone.
func TestNoIndexIsClosedUnderAStray(t *testing.T) {
	db := openAt(t, filepath.Join(t.TempDir(), "s.db"), Options{})
	commitVersion(t, db, "row", 1, "")
	must(t, db.pool.apart(t.Context(), func(*conn) error {
		must(t, db.Close())
		if db.memory.index.read() == (head{}) {
			t.Error("the index is closed while SQLite has it open")
		}
		return nil
	}))
	if db.memory.index.read() != (head{}) || len(indexes.open) != 0 {
		t.Error("nobody has the database open, and the index is")
	}
}

// TestNoIndexIsClosedUnderWhoComes closes the only handle while another one has connected already and not
// come for the index.
func TestNoIndexIsClosedUnderWhoComes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	a, kept := openAt(t, path, Options{}), false
	commitVersion(t, a, "row", 1, "")
	var once sync.Once
	sqlite.RegisterConnectionHook(func(_ sqlite.ExecQuerierContext, dsn string) error {
		if strings.Contains(dsn, path) {
			once.Do(func() {
				must(t, a.Close())
				kept = a.memory.index.read() != (head{})
			})
		}
		return nil
	})
	b := openAt(t, path, Options{})
	if !kept || b.memory.index != a.memory.index || version(t, b, "row") != 1 {
		t.Error("the index was closed while SQLite had it open")
	}
}

// TestTheIndexOfALink opens a database by a link that has beside it what was the index of another one.
func TestTheIndexOfALink(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "s.db"), filepath.Join(dir, "link.db")
	leaveIndex(t, link)
	must(t, os.Symlink("s.db", link))
	a, b := openAt(t, link, Options{}), openAt(t, path, Options{})
	if a.memory.index == nil || a.memory.index != b.memory.index {
		t.Error("a link leads to another index")
	}
	commitVersion(t, a, "row", 1, "")
	commitVersion(t, b, "row", 2, "")
	if now := version(t, a, "row"); now != 2 {
		t.Errorf("version %d is read after 2 was acknowledged", now)
	}
}

// TestAnIndexThatDoesNotMove is for a file that is not the one that SQLite writes, or is not
// read as it was written: our own commits show it.
func TestAnIndexThatDoesNotMove(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "s.db"), filepath.Join(dir, "other.db")
	leaveIndex(t, other)
	must(t, os.WriteFile(other, nil, 0o600))
	a, b := openAt(t, path, Options{}), openAt(t, path, Options{})
	a.memory.release()
	a.memory = newRemembered(other)
	for n := int64(1); n < 5; n += 2 {
		commitVersion(t, a, "row", n, "")
		version(t, a, "row")
		commitVersion(t, b, "row", n+1, "")
		if now := version(t, a, "row"); now != n+1 {
			t.Fatalf("version %d is read after %d was acknowledged", now, n+1)
		}
	}
}

// leaveIndex leaves the index of a database that was in use beside path.
func leaveIndex(t *testing.T, path string) {
	t.Helper()
	db := openAt(t, filepath.Join(t.TempDir(), "old.db"), Options{})
	commitVersion(t, db, "row", 1, "")
	h := db.memory.index.read()
	must(t, os.WriteFile(path+"-shm", append(h[:], h[:]...), 0o600))
	must(t, db.Close())
}

// TestNothingRestsOnARecoveredIndex makes a head that says that there was no commit since a recovery: the
// next recovery of an empty log makes the same, whatever was committed between.
func TestNothingRestsOnARecoveredIndex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	db := openAt(t, path, Options{})
	commitVersion(t, db, "row", 1, "")
	must(t, db.Close())
	db = openAt(t, path, Options{})
	db.memory.proven = true
	must(t, db.writer.begin())
	_, err := db.writer.conn.exec("ROLLBACK")
	must(t, err)
	version(t, db, "row")
	if h := db.memory.index.read(); h.changes() != 0 || remembers(db, "row") {
		t.Errorf("%d commits are counted, and the row is remembered: %v", h.changes(), remembers(db, "row"))
	}
}

func TestHalfAHeadIsNotRead(t *testing.T) {
	written := bytes.Repeat([]byte{1}, 2*headSize)
	torn := bytes.Clone(written)
	torn[headSize-1] = 0
	for name, content := range map[string][]byte{"torn": torn, "short": written[1:], "written": written} {
		path := filepath.Join(t.TempDir(), name)
		must(t, os.WriteFile(path+"-shm", content, 0o600))
		must(t, os.WriteFile(path, nil, 0o600))
		x := openIndex(path)
		if got := x.read() != (head{}); got != (name == "written") {
			t.Errorf("%s: read %v", name, got)
		}
		x.close()
	}
}
