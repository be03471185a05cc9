package config

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// OpenPlain opens one of the small files that are kept for a party; one that it makes
// is its user's alone. A pipe that somebody has put in its place would be waited for
// without end, a device may have no end: neither is opened, and no folder.
func OpenPlain(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, flags|nonblock, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat() // of the open file: the path could be another by now
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errors.New("it is no plain file")}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// ReadPlain reads what OpenPlain opens, at most so many bytes of it.
func ReadPlain(path string, most int64) ([]byte, error) {
	f, err := OpenPlain(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, most))
	return text, errors.Join(err, f.Close())
}
