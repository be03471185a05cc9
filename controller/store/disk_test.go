//go:build linux || darwin

package store_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/instrument"
)

// fillDisk is the part of a process whose disk takes no more in the middle: the
// system refuses to let its files grow, and later lets them grow again.
func fillDisk(path string) error {
	signal.Ignore(syscall.SIGXFSZ)
	db, err := store.Open(context.Background(), path, store.Options{})
	if err != nil {
		return err
	}
	update := func(id instrument.ID) {
		err := db.UpdateInstruments(context.Background(), smallUnit(id))
		fmt.Println(id, fault.KindOf(err), fault.ReasonOf(err))
	}
	update("before")
	log, err := os.Stat(path + "-wal")
	if err != nil {
		return err
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	full := limit
	full.Cur = uint64(log.Size())
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &full); err != nil {
		return err
	}
	update("full")
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	update("after")
	return db.Close()
}

// TestDiskFull shows a COMMIT that really fails.
func TestDiskFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	out, err := start(t, "disk full", path).wait()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"before kind-0", "full unknown commit-failed", "after unavailable store-stopped"}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("outcomes (-want +have):\n%s", diff)
	}
	db := openFile(t, path, store.Options{})
	if _, err := db.Row(t.Context(), "before"); err != nil {
		t.Errorf("what was acknowledged: %v", err)
	}
	if _, err := db.Row(t.Context(), "after"); !errors.Is(err, fault.NotFound) {
		t.Errorf("what was refused: %v", err)
	}
	if err := db.UpdateInstruments(t.Context(), smallUnit("restarted")); err != nil {
		t.Errorf("after a new start: %v", err)
	}
}

func TestFilesAreForThisUserOnly(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	dir := t.TempDir()
	db := openFile(t, filepath.Join(dir, "s.db"), store.Options{})
	if err := db.UpdateInstruments(t.Context(), smallUnit("a")); err != nil {
		t.Fatal(err)
	}
	seen := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		seen++
		info, err := d.Info()
		if err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", d.Name(), info.Mode())
		}
		return err
	})
	if err != nil || seen < 2 {
		t.Errorf("%d files, %v", seen, err)
	}
}

// TestAFileThatIsGone: what is written into a file that was removed, or replaced, is
// gone with the process. Nothing is acknowledged there.
func TestAFileThatIsGone(t *testing.T) {
	for name, away := range map[string]func(path string) error{
		"removed": os.Remove,
		"replaced": func(path string) error {
			return errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "s.db")
			stopped := make(chan error, 10)
			db := openFile(t, path, store.Options{Stopped: func(err error) { stopped <- err }})
			if err := db.UpdateInstruments(t.Context(), smallUnit("a")); err != nil {
				t.Fatal(err)
			}
			if err := away(path); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := db.UpdateInstruments(t.Context(), smallUnit("b")); fault.ReasonOf(err) != "store-stopped" {
					t.Errorf("it was acknowledged: %v", err)
				}
			}
			if len(stopped) != 1 {
				t.Errorf("the operator was told %d times", len(stopped))
			}
		})
	}
}
