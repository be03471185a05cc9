//go:build unix

package serve

import "syscall"

// private keeps a file descriptor from processes that this one starts, and lets
// a close end a read of it.
func private(fd int) {
	syscall.CloseOnExec(fd)
	_ = syscall.SetNonblock(fd, true) // without it the read lasts until the process ends
}
