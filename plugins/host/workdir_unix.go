//go:build unix

package host

import (
	"os"
	"syscall"
)

// lockFile takes the lock of an open file, which ends with its descriptor.
func lockFile(f *os.File, wait bool) error {
	how := syscall.LOCK_EX
	if !wait {
		how |= syscall.LOCK_NB
	}
	for {
		if err := syscall.Flock(int(f.Fd()), how); err != syscall.EINTR {
			return err
		}
	}
}
