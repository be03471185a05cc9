//go:build unix

package house_test

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/backup"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// TestABackupRemovesWhatAKilledOneLeft, and nothing that is another's: of one that runs,
// of another name, or not made by a backup.
func TestABackupRemovesWhatAKilledOneLeft(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "w.age")
	for name, mode := range map[string]os.FileMode{
		"w.age.unfinished-17": 0o600, "w.age.unfinished-18": 0o644, "w.age.unfinished-mine": 0o600, "v.age.unfinished-17": 0o600, "w.age.unfinished-99": 0o600,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half"), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("w.age.unfinished-mine", filepath.Join(dir, "w.age.unfinished-20")); err != nil {
		t.Fatal(err)
	}
	running, err := os.Open(filepath.Join(dir, "w.age.unfinished-99"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = running.Close() }()
	if err := syscall.Flock(int(running.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	err = house.WriteNew(path, func(w io.Writer) error {
		nested := house.WriteNew(path, func(io.Writer) error { return io.ErrUnexpectedEOF }) // sees ours, which runs
		if nested == nil {
			t.Error("a failed one is there")
		}
		_, err := io.WriteString(w, "whole")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"v.age.unfinished-17", "w.age", "w.age.unfinished-18", "w.age.unfinished-20", "w.age.unfinished-99", "w.age.unfinished-mine"}
	if left := names(t, dir); !slices.Equal(left, want) {
		t.Errorf("there is %v, want %v", left, want)
	}
}

// TestABackupRemovesTheCopyThatAKilledOneLeft in the wallet's directory.
func TestABackupRemovesTheCopyThatAKilledOneLeft(t *testing.T) {
	f := used(t)
	copied := filepath.Join(f.Dir, "backup.unfinished-4711")
	if err := os.Mkdir(copied, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(copied, "store.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	keep(t, f)
	if _, err := os.Stat(copied); !os.IsNotExist(err) {
		t.Errorf("the copy is there: %v", err)
	}
}

// TestABackupLeavesTheCopyOfOneThatRuns alone.
func TestABackupLeavesTheCopyOfOneThatRuns(t *testing.T) {
	f := used(t)
	by := house.Sealing{Passphrase: secret("of the backup"), Work: 1}
	_, err := house.BackUp(f, filepath.Join(t.TempDir(), "b.age"), backup.Wallet, by, func() time.Time { return backedUp }, func(to string) error {
		keep(t, f) // meanwhile
		return os.WriteFile(to, []byte("a copy"), 0o600)
	})
	if err != nil {
		t.Error(err)
	}
}

// TestWhatWasRemovedIsNotHeld: a backup whose file was taken for a dead process's, in the
// moment before it held it, does not go on to write what nobody will find.
func TestWhatWasRemovedIsNotHeld(t *testing.T) {
	for _, again := range []bool{false, true} {
		f, err := os.CreateTemp(t.TempDir(), "x")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		if err := os.Remove(f.Name()); err != nil {
			t.Fatal(err)
		}
		if again {
			if err := os.WriteFile(f.Name(), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if held, err := house.Hold(f); held || fault.KindOf(err) != fault.Locked {
			t.Errorf("another one there: %v; held: %v, %v", again, held, err)
		}
	}
}
