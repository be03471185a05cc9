//go:build !unix

package house

import (
	"errors"
	"io/fs"
	"os"
)

// lock takes a file for this process alone. An open file cannot be removed here, so
// one that can be was left by a process that has ended.
func lock(path string) (unlock func() error, err error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, inUse(path, err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, inUse(path, err)
	}
	return f.Close, nil
}

// share does nothing: there are no shared locks here. The person who changes the vault has
// to make sure that no other process has the wallet open.
func share(string) (unlock func() error, err error) {
	return func() error { return nil }, nil
}

// hold does nothing: an open file cannot be removed here.
func hold(*os.File) (held bool, err error) { return true, nil }

// removeDead removes a file unless a process has it open. A folder stays: nobody can
// hold one.
func removeDead(path string) {
	if i, err := os.Lstat(path); err == nil && !i.IsDir() {
		_ = os.Remove(path)
	}
}
