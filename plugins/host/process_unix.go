//go:build unix

package host

import (
	"io/fs"
	"os"
	"syscall"

	"github.com/swaperoo/swaperoo/crypto/disk"
)

// exposed reports whether others than this user and root may write a file, or own it and could let
// themselves.
func exposed(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return !ok || disk.OthersWrite(info) || s.Uid != 0 && int64(s.Uid) != int64(os.Geteuid())
}

// confined gives the process a group of its own, so that Ctrl-C at our terminal
// does not reach it.
func confined() *syscall.SysProcAttr {
	p := &syscall.SysProcAttr{Setpgid: true}
	dieWithUs(p)
	return p
}

// killGroup ends a process and all that it started. Group 0 would be our own.
func killGroup(pid int) {
	if pid > 1 {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
}

func terminate(pid int) { _ = syscall.Kill(pid, syscall.SIGTERM) }

func listensPrivately(network, address, dir string) bool {
	return network == "unix" && inDir(address, dir)
}
