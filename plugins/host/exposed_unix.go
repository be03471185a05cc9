//go:build unix

package host

import (
	"io/fs"
	"os"
	"syscall"
)

// openFile opens a file for reading and never blocks. If a named pipe lies in its place, a plain
// open would wait for a writer, and no signal ends that.
func openFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

// exposed reports whether others than this user and root may write a file, or own it and could let
// themselves.
func exposed(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return !ok || info.Mode().Perm()&0o022 != 0 || s.Uid != 0 && int64(s.Uid) != int64(os.Geteuid())
}
