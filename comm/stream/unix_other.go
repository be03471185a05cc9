//go:build !unix

package stream

import (
	"errors"
	"os"
	"syscall"
)

// wsaeConnRefused is what Windows says when nobody listens at a socket.
const wsaeConnRefused = syscall.Errno(10061)

// holdDir makes sure that the folder is there. Two processes that replace the
// same left-over socket at the same moment are not told apart here.
func holdDir(dir string) (free func(), err error) {
	_, err = os.Stat(dir)
	return func() {}, err
}

func beforeBind(string, string, syscall.RawConn) error { return nil }

func refused(err error) bool { return errors.Is(err, wsaeConnRefused) }
