package host

import (
	"io/fs"
	"net/netip"
	"os"
	"syscall"
)

// exposed says no: here the file's access list decides, not a mode.
func exposed(fs.FileInfo) bool { return false }

// stampOf is nil: that a file was not changed is nothing that this system says.
func stampOf(*os.File) *Stamp { return nil }

// confined gives the process a group of its own.
func confined() *syscall.SysProcAttr {
	p := &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
	dieWithUs(p)
	return p
}

func killGroup(pid int) { terminate(pid) }

func terminate(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill()
	}
}

// listensPrivately: there are no private sockets here; mutual TLS keeps
// strangers out.
func listensPrivately(network, address, _ string) bool {
	at, err := netip.ParseAddrPort(address)
	return network == "tcp" && err == nil && at.Addr().IsLoopback()
}
