//go:build unix

package host

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

// exposed reports whether others than this user and root may write a file, or may
// let themselves, as its owner may.
func exposed(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return !ok || info.Mode().Perm()&0o022 != 0 || s.Uid != 0 && int64(s.Uid) != int64(os.Geteuid())
}
