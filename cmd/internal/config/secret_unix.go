//go:build unix

package config

import (
	"io/fs"
	"os"
	"syscall"
)

// openFile opens a file to read it, and does not wait for anybody: at a pipe that lies
// in its place, who would write would be waited for, and no signal ends that.
func openFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

func readableByOthers(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }
