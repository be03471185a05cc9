//go:build !unix

package config

import (
	"io/fs"
	"os"
)

func openFile(path string) (*os.File, error) { return os.Open(path) }

// readableByOthers says no: here the folder's access list decides, not a mode.
func readableByOthers(fs.FileInfo) bool { return false }
