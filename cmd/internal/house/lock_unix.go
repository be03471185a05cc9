//go:build unix

package house

import (
	"errors"
	"os"
	"syscall"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/disk"
)

// lock takes a file for this process alone. The system releases it when the process ends,
// however it ends.
func lock(path string) (unlock func() error, err error) {
	return take(path, disk.TryLock)
}

// share keeps other processes from locking the file, but lets them share it.
func share(path string) (unlock func() error, err error) {
	return take(path, disk.TryShare)
}

func take(path string, try func(*os.File) error) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "the lock file %s cannot be opened", path).Because("file-unwritable")
	}
	if err := try(f); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, inUse(path, err)
		}
		return nil, fault.Wrap(err, fault.Internal, "the file %s cannot be locked", path).Because("file-unlockable").
			WithHint("keep the data on a disk of this machine: some file systems of the network have no locks")
	}
	if !isSame(f, path) { // somebody took it for a dead process's and has removed it
		return nil, errors.Join(inUse(path, os.ErrNotExist), f.Close())
	}
	return f.Close, nil
}

// hold keeps others from taking an open file or folder for a dead process's, until it is
// closed. Not held without an error: its file system, a share of the network perhaps, has
// no locks, and what lies there nobody takes for a dead process's.
func hold(f *os.File) (held bool, err error) {
	switch err := disk.TryLock(f); {
	case lockless(err):
		return false, nil
	case err != nil:
		return false, inUse(f.Name(), err)
	case !isSame(f, f.Name()):
		return false, inUse(f.Name(), os.ErrNotExist)
	}
	return true, nil
}

// lockless reports whether a refusal to lock is that of a file system that never does.
func lockless(err error) bool {
	return errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENOLCK) ||
		errors.Is(err, syscall.ENOSYS) || errors.Is(err, syscall.EINVAL)
}

// removeDead removes a file or folder unless a process holds it.
func removeDead(path string) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	if held, err := hold(f); held && err == nil {
		_ = os.RemoveAll(path)
	}
	_ = f.Close()
}

// isSame reports whether the file that was locked is still the one at path.
func isSame(f *os.File, path string) bool {
	held, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(held, there)
}
