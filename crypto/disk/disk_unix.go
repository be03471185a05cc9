//go:build unix

package disk

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// nonblock keeps an open from waiting for whoever else opens a pipe, which no signal ends.
const nonblock = syscall.O_NONBLOCK

// Sync makes new names in a folder durable.
func Sync(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// OthersRead reports whether others than its owner may read or write a file or folder.
func OthersRead(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }

// OthersWrite reports whether others than its owner may write it.
func OthersWrite(info fs.FileInfo) bool { return info.Mode().Perm()&0o022 != 0 }
