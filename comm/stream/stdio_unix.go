//go:build unix

package stream

import (
	"os"
	"syscall"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Standard makes a Pipe of a process's standard input and output, whose reads
// and writes can be ended. Nothing else may be read or written there meanwhile;
// Close leaves the two as they were.
func Standard(stdin, stdout *os.File) (Pipe, error) {
	in, err := ending(stdin)
	if err != nil {
		return nil, err
	}
	out, err := ending(stdout)
	if err != nil {
		_ = in.Close()
		return nil, err
	}
	return &standard{joined{in, out}, []*os.File{stdin, stdout}}, nil
}

type standard struct {
	joined
	own []*os.File
}

// Close implements io.Closer.
func (s *standard) Close() error {
	err := s.joined.Close()
	for _, f := range s.own {
		_ = syscall.SetNonblock(int(f.Fd()), false)
	}
	return err
}

// ending is a second descriptor of a file that the runtime can wait for without
// a blocked thread: reading from it ends when it is closed.
func ending(f *os.File) (*os.File, error) {
	syscall.ForkLock.RLock() // no command that is started meanwhile gets it
	fd, err := syscall.Dup(int(f.Fd()))
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "%s is not open", f.Name()).Because("peer-unreachable")
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		_ = syscall.Close(fd)
		return nil, fault.Wrap(err, fault.Unavailable, "%s cannot carry a session", f.Name()).Because("peer-unreachable")
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}
