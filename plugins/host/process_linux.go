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

// isSelf reports whether the binary is the one that runs here already. Whoever could have changed it
// controls this process too, so a sum would tell nothing; and it costs a third of a start.
func (s Source) isSelf() bool { return s.Path == "" && s.SHA256 == "" }

// executable is the path of the open file itself: what was summed is what runs, even if another file
// has its name by now. Between sum and start only this user and root could write into it (exposed).
func executable(_ Source, binary *os.File) string {
	return fmt.Sprintf("/proc/self/fd/%d", binary.Fd())
}

// dieWithUs has the kernel end the process with us.
func dieWithUs(p *syscall.SysProcAttr) { p.Pdeathsig = syscall.SIGKILL }

// socketDir is relative to the working directory: the address of a socket is at
// most 107 bytes, and data directories may be deep.
func socketDir(string) string { return "." }

func reachable(_, address string, at *os.File) string {
	return fmt.Sprintf("/proc/self/fd/%d/%s", at.Fd(), filepath.Base(address))
}
