package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/instrument"
)

// TestNothingIsWrittenElsewhere: a large unit of work keeps what it would have to
// restore, which are pages of the database, in memory and not in a file of the
// system's, which may be full or on a disk of somebody else's.
func TestNothingIsWrittenElsewhere(t *testing.T) {
	dir, full := t.TempDir(), false
	db := openAt(t, filepath.Join(dir, "s.db"), Options{BeforeCommit: func(int) error {
		if full {
			for _, path := range openFiles(t) {
				if strings.Contains(path, "etilqs") { // SQLite's name for what is not the database
					t.Errorf("open is %s", path)
				}
			}
		}
		return nil
	}})
	versions := func(to int64) {
		t.Helper()
		must(t, db.UpdateInstruments(t.Context(), func(w instrument.Writer) error {
			for n := range 8000 {
				if err := writeVersion(w, instrument.ID(fmt.Sprint("row-", n)), to, ""); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	versions(1)
	full = true
	versions(2)
}

// openFiles are the paths of this process's open files.
func openFiles(t *testing.T) (paths []string) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	for _, fd := range fds {
		if path, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil {
			paths = append(paths, path)
		}
	}
	return paths
}
