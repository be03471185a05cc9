//go:build unix

package host

import (
	"io/fs"
	"os"
	"syscall"

	"github.com/swaperoo/swaperoo/internal/disk"
)

// exposed reports whether others than this user and root may write a file, or own it and could let
// themselves.
func exposed(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return !ok || disk.OthersWrite(info) || s.Uid != 0 && int64(s.Uid) != int64(os.Geteuid())
}
