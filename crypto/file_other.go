//go:build !unix

package crypto

import (
	"io/fs"
	"os"
)

func openFile(path string) (*os.File, error) { return os.Open(path) }

// syncDir does nothing: this system cannot flush a directory, and makes renames
// durable itself.
func syncDir(string) error { return nil }

// private is always true: permissions are not in the mode here. The user's
// profile directory is closed to others by default.
func private(fs.FileInfo) bool { return true }
