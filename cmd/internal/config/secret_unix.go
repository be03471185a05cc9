//go:build unix

package config

import (
	"io/fs"
	"syscall"
)

// nonblock keeps an open from waiting for whoever else opens a pipe, which no signal ends.
const nonblock = syscall.O_NONBLOCK

func readableByOthers(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }
