package host

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// file is the path that open opens. For this very executable it is the kernel's link, which leads to
// the running program even if its file was replaced since.
func (s Source) file() string {
	if s.Path == "" {
		return "/proc/self/exe"
	}
	return s.Path
}

// running reports whether the binary is the one that runs here already. Whoever could have changed it
// controls this process too, so a sum would tell nothing; and it costs a third of a start.
func (s Source) running() bool { return s.Path == "" && s.SHA256 == "" }

// executable is the path of the open file itself: what was summed is what runs, even if another file
// has its name by now. Between sum and start only this user and root could write into it (exposed).
func executable(_ Source, binary *os.File) string {
	return fmt.Sprintf("/proc/self/fd/%d", binary.Fd())
}

// confined gives the process a group of its own, so that Ctrl-C at our terminal
// does not reach it, and has the kernel end it with us.
func confined() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// killGroup ends a process and all that it started. Group 0 would be our own.
func killGroup(pid int) {
	if pid > 1 {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
}

func terminate(pid int) { _ = syscall.Kill(pid, syscall.SIGTERM) }

// socketDir is relative to the working directory: the address of a socket is at
// most 107 bytes, and data directories may be deep.
func socketDir(string) string { return "." }

func listensPrivately(network, address, dir string) bool {
	return network == "unix" && inDir(address, dir)
}

func reachable(_, address string, at *os.File) string {
	return fmt.Sprintf("/proc/self/fd/%d/%s", at.Fd(), filepath.Base(address))
}
