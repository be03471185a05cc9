//go:build unix

package house

import (
	"io/fs"
	"os"
	"syscall"
)

// mine reports whether a directory is this user's own and meant for one: one that
// is shared by all, such as /tmp, is nobody's to close.
func mine(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int64(s.Uid) == int64(os.Geteuid()) && info.Mode()&fs.ModeSticky == 0
}

func openToOthers(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }

func writableByOthers(info fs.FileInfo) bool { return info.Mode().Perm()&0o022 != 0 }
