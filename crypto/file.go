package crypto

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// replaceFile writes a file so that after a crash at any moment either the old
// or the new content is there, whole, and after a nil error the new one.
func replaceFile(path string, data []byte) error {
	return writeFile(path, data, os.Rename)
}

// createFile is replaceFile for a file that must not be there yet; then the
// error is fs.ErrExist and the file is as it was.
func createFile(path string, data []byte) error {
	return writeFile(path, data, func(temp, path string) error {
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

func writeFile(path string, data []byte, place func(temp, path string) error) (err error) {
	// CreateTemp makes the file with mode 0600.
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
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
	return syncDir(filepath.Dir(path))
}
