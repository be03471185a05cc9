//go:build unix

package disk

import (
	"errors"
	"os"
	"syscall"
)

// Lock takes an open file or folder for this process alone, and waits until nobody else has
// it. The lock ends when the file is closed, or with the process, however that ends. It binds
// only those who ask for a lock as well.
func Lock(f *os.File) error { return flock(f, syscall.LOCK_EX) }

// TryLock is Lock without waiting. The error is syscall.EWOULDBLOCK while somebody else has the
// file, and another one if its file system has no locks.
func TryLock(f *os.File) error { return flock(f, syscall.LOCK_EX|syscall.LOCK_NB) }

// TryShare is TryLock for a lock that many may have at a time, but not beside that of Lock.
func TryShare(f *os.File) error { return flock(f, syscall.LOCK_SH|syscall.LOCK_NB) }

func flock(f *os.File, how int) error {
	for {
		if err := syscall.Flock(int(f.Fd()), how); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
