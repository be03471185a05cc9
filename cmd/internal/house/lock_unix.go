//go:build unix

package house

import (
	"os"
	"syscall"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// lock makes this process the only one that runs operations in a directory. The
// system gives the lock back when the process ends, however it ends.
func lock(path string) (unlock func() error, err error) {
	return flock(path, syscall.LOCK_EX)
}

// share keeps others from locking the same file, and lets them share it.
func share(path string) (unlock func() error, err error) {
	return flock(path, syscall.LOCK_SH)
}

func flock(path string, how int) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "the lock file %s cannot be opened", path)
	}
	if err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, inUse(err)
	}
	return f.Close, nil
}

func inUse(err error) error {
	return fault.Wrap(err, fault.Locked, "another process runs operations in this directory").
		Because("dir-in-use").WithHint("wait for it to end, or stop it")
}
