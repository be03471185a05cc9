//go:build unix

package stream

import (
	"errors"
	"os"
	"syscall"
)

// holdDir keeps other processes of ours from making sockets in a folder until
// free is called.
func holdDir(dir string) (free func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		_ = f.Close()
		return nil, err
	}
	return func() { _ = f.Close() }, nil
}

// beforeBind gives a socket its mode before it has a name, so that at no time
// others can connect. Where the system does not heed that, the mode follows at
// once, and keys are proved in any case.
func beforeBind(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) { _ = syscall.Fchmod(int(fd), 0o600) })
}

func refused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
