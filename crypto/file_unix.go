//go:build unix

package crypto

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// openFile opens a file for reading and never blocks. If a named pipe lies in its place, a plain
// open would wait for a writer, and no signal ends that.
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
