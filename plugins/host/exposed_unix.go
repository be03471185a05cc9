//go:build unix

package host

import (
	"io/fs"
	"os"
	"syscall"
)

// exposed reports whether others than this user and root may write a file, or may
// let themselves, as its owner may.
func exposed(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return !ok || info.Mode().Perm()&0o022 != 0 || s.Uid != 0 && int64(s.Uid) != int64(os.Geteuid())
}
