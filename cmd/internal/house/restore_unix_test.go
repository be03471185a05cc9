//go:build unix

package house_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/backup"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// TestARestoreFromASilentPipeCanBeEnded, before anybody writes into it and in the middle.
func TestARestoreFromASilentPipeCanBeEnded(t *testing.T) {
	whole, err := os.ReadFile(keep(t, used(t)))
	if err != nil {
		t.Fatal(err)
	}
	for name, said := range map[string][]byte{"nothing": nil, "half": whole[:len(whole)/2]} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "pipe")
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, end := context.WithCancel(t.Context())
			told := make(chan error, 1)
			go func() {
				_, err := house.Files{Dir: filepath.Join(dir, "w")}.Restore(ctx, backup.Wallet, path, secret("of the backup"), restoredAt, nil)
				told <- err
			}()
			if said != nil {
				w, err := os.OpenFile(path, os.O_WRONLY, 0) // waits for the reader
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = w.Close() }()
				if _, err := w.Write(said); err != nil {
					t.Fatal(err)
				}
			}
			end()
			if err := <-told; fault.ReasonOf(err) != "interrupted" {
				t.Errorf("it ends with %v", err)
			}
			if left := names(t, dir); !slices.Equal(left, []string{"pipe"}) {
				t.Errorf("there is %v", left)
			}
		})
	}
}

// A directory that is there is filled and not replaced: it may be a mount, or in a place where only
// root makes directories. While that goes on, and after it was killed, it is nobody else's.
func TestTheDirectoryThatIsThereIsFilled(t *testing.T) {
	path := keep(t, used(t))
	f := house.Files{Dir: t.TempDir()}
	chmod(t, f.Dir, 0o755)
	there, err := os.Stat(f.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(f.Dir, ".restoring"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = f.Restore(t.Context(), backup.Wallet, path, secret("of the backup"), restoredAt, nil)
	if fault.ReasonOf(err) != "dir-taken" || !strings.Contains(fault.From(err).Hint, ".restoring") {
		t.Errorf("beside another restore: %v", err)
	}
	moved := filepath.Join(f.Dir, "store.db") // by one that was killed while all moved up
	if err := os.WriteFile(moved, []byte("half of it"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = f.Restore(t.Context(), backup.Wallet, path, secret("of the backup"), restoredAt, nil)
	if fault.ReasonOf(err) != "dir-taken" || !strings.Contains(fault.From(err).Hint, "remove all that is in "+f.Dir) {
		t.Errorf("where another restore was killed: %v, advised: %s", err, fault.From(err).Hint)
	}
	for _, left := range []string{moved, filepath.Join(f.Dir, ".restoring")} {
		if err := os.Remove(left); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Restore(t.Context(), backup.Wallet, path, secret("of another"), restoredAt, nil); err == nil || len(names(t, f.Dir)) != 0 {
		t.Errorf("a wrong passphrase leaves %v: %v", names(t, f.Dir), err)
	}
	if _, err := f.Restore(t.Context(), backup.Wallet, path, secret("of the backup"), restoredAt, nil); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(f.Dir); err != nil || !os.SameFile(info, there) || info.Mode().Perm() != 0o700 {
		t.Errorf("it is another directory, or open to others: %v, %v", info.Mode(), err)
	}
	if err := f.Check(); err != nil || slices.Contains(names(t, f.Dir), ".restoring") {
		t.Errorf("of %v: %v", names(t, f.Dir), err)
	}
}
