// Package disk is for packages that keep a small file of their own, such as a vault, a list or
// settings. It replaces a file so that a crash leaves the old content or the new one. It reads
// a file without waiting for whatever somebody has put in its place. It tells who else may read
// or write it, and locks it against other processes of ours.
package disk

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Replace writes a file of its owner alone, mode 0600. After a crash at any moment either
// the old or the new content is there, whole, and after a nil error the new one.
func Replace(path string, data []byte) error {
	return write(path, data, os.Rename)
}

// Create is Replace for a file that must not be there yet; then the error is fs.ErrExist
// and the file is as it was.
func Create(path string, data []byte) error {
	return write(path, data, func(temp, path string) error {
		err := os.Link(temp, path)
		if err == nil || errors.Is(err, fs.ErrExist) {
			return errors.Join(err, os.Remove(temp))
		}
		// This file system has no hard links: look first, and accept the gap.
		if _, err := os.Lstat(path); err == nil {
			return fs.ErrExist
		}
		return os.Rename(temp, path)
	})
}

func write(path string, data []byte, place func(temp, path string) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = place(f.Name(), path); err != nil {
		return err
	}
	return Sync(filepath.Dir(path))
}

// ErrNotPlain is the error of Open for what is no regular file.
var ErrNotPlain = errors.New("it is no plain file")

// Open opens a regular file, under the flags of os.OpenFile; one that it makes is its
// owner's alone. A pipe that somebody has put in its place would be waited for without
// end, a device may have no end: neither is opened, and no folder (ErrNotPlain).
func Open(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, flags|nonblock, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat() // of the open file: the path could be another by now
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: ErrNotPlain}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Read reads what Open opens, at most so many bytes of it.
func Read(path string, most int64) ([]byte, error) {
	f, err := Open(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, most))
	return text, errors.Join(err, f.Close())
}
