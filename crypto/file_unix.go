//go:build unix

package crypto

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// openFile opens a file to read it, and does not wait for anybody: at a pipe that lies
// in its place, who would write would be waited for, and no signal ends that.
func openFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

// syncDir makes a new name in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// private reports whether nobody but the owner can read or write the file.
func private(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 == 0 }
