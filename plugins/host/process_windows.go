package host

import (
	"io/fs"
	"net/netip"
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

// exposed says no: here the file's access list decides, not a mode.
func exposed(fs.FileInfo) bool { return false }

// stampOf is nil: that a file was not changed is nothing that this system says.
func stampOf(*os.File) *Stamp { return nil }

// confined gives the process a group of its own. It ends with us because its
// standard input does.
func confined() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

func killGroup(pid int) { terminate(pid) }

func terminate(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill()
	}
}

func socketDir(dir string) string { return dir }

// listensPrivately: there are no private sockets here; mutual TLS keeps
// strangers out.
func listensPrivately(network, address, _ string) bool {
	at, err := netip.ParseAddrPort(address)
	return network == "tcp" && err == nil && at.Addr().IsLoopback()
}

func reachable(_, address string, _ *os.File) string { return address }
