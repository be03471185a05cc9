//go:build unix

package disk_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/swaperoo/swaperoo/crypto/disk"
)

// Nobody is waited for at a pipe, and what has no end is not read.
func TestOnlyPlainFilesAreOpened(t *testing.T) {
	dir := t.TempDir()
	pipe, endless := filepath.Join(dir, "pipe"), filepath.Join(dir, "endless")
	if err := errors.Join(syscall.Mkfifo(pipe, 0o600), os.Symlink("/dev/zero", endless)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, endless, dir} {
		if _, err := disk.Read(path, 100); !errors.Is(err, disk.ErrNotPlain) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestWhatOthersMayDo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		mode        os.FileMode
		read, write bool
	}{{0o600, false, false}, {0o640, true, false}, {0o604, true, false}, {0o620, true, true}, {0o602, true, true}, {0o755, true, false}} {
		if err := os.Chmod(path, row.mode); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || disk.OthersRead(info) != row.read || disk.OthersWrite(info) != row.write {
			t.Errorf("%o: read %v, write %v, %v", row.mode, disk.OthersRead(info), disk.OthersWrite(info), err)
		}
	}
}
