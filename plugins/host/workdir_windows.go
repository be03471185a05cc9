package host

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

// lockFile takes the lock of an open file, which ends with its handle.
func lockFile(f *os.File, wait bool) error {
	how := uintptr(exclusive)
	if !wait {
		how |= failImmediately
	}
	var at syscall.Overlapped
	done, _, err := syscall.NewLazyDLL("kernel32.dll").NewProc("LockFileEx").
		Call(f.Fd(), how, 0, 1, 0, uintptr(unsafe.Pointer(&at)))
	if done == 0 {
		return err
	}
	return nil
}
