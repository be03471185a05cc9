package disk

import (
	"os"
	"syscall"
	"unsafe"
)

// Flags of LockFileEx.
const (
	failImmediately = 1
	exclusive       = 2
)

// Lock takes an open file for this process alone, and waits until nobody else has it. The lock
// ends when the file is closed, or with the process, however that ends.
func Lock(f *os.File) error { return lockFileEx(f, exclusive) }

// TryLock is Lock without waiting: an error while somebody else has the file.
func TryLock(f *os.File) error { return lockFileEx(f, exclusive|failImmediately) }

// TryShare is TryLock for a lock that many may have at a time, but not beside that of Lock.
func TryShare(f *os.File) error { return lockFileEx(f, failImmediately) }

func lockFileEx(f *os.File, how uintptr) error {
	var at syscall.Overlapped
	done, _, err := syscall.NewLazyDLL("kernel32.dll").NewProc("LockFileEx").
		Call(f.Fd(), how, 0, 1, 0, uintptr(unsafe.Pointer(&at)))
	if done == 0 {
		return err
	}
	return nil
}
