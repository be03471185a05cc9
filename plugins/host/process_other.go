//go:build unix && !linux

package host

import (
	"os"
	"syscall"
)

// file is what open opens.
func (s Source) file() string { return s.shown() }

// running is never certain: another file may have the name of this executable by
// now.
func (s Source) running() bool { return false }

// executable is the path: this system cannot execute an open file.
func executable(s Source, _ *os.File) string { return s.shown() }

// confined gives the process a group of its own. It ends with us because its
// standard input does.
func confined() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// killGroup ends a process and all that it started. Group 0 would be our own.
func killGroup(pid int) {
	if pid > 1 {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
}

func terminate(pid int) { _ = syscall.Kill(pid, syscall.SIGTERM) }

func socketDir(dir string) string { return dir }

func listensPrivately(network, address, dir string) bool {
	return network == "unix" && inDir(address, dir)
}

func reachable(_, address string, _ *os.File) string { return address }
