package config

import (
	"errors"
	"io/fs"
	"syscall"
)

// Why says, for people, why a file cannot be read.
func Why(err error) string {
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case errors.Is(err, fs.ErrPermission):
		return "you may not read it"
	case errors.Is(err, syscall.EISDIR):
		return "it is a directory"
	case errors.As(err, &path):
		return path.Err.Error()
	}
	return err.Error()
}
