//go:build unix

package house

import (
	"io/fs"
	"os"
	"strconv"
	"syscall"
)

// mine reports whether a directory belongs to this user and is meant for one user. A
// directory that all share, such as /tmp, must not be closed to others.
func mine(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int64(s.Uid) == int64(os.Geteuid()) && info.Mode()&fs.ModeSticky == 0
}

// owner is whose a directory is, and whether that is this user.
func owner(info fs.FileInfo) (uid string, own bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "", true
	}
	return strconv.FormatUint(uint64(s.Uid), 10), int64(s.Uid) == int64(os.Geteuid())
}
