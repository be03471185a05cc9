package stream

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// serial is an open serial device, ours alone, in raw mode. Its speed is left as
// the operator has set it.
type serial struct {
	*os.File
	before *unix.Termios
}

// openSerial opens a device. One that another session of ours still uses is
// waited for as long as ctx allows.
func openSerial(ctx context.Context, path string) (Pipe, error) {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "the serial device %s cannot be opened", path).Because("peer-unreachable").
			WithHint("check its name, and that you may use it")
	}
	s := &serial{File: f}
	if err := s.own(ctx); err != nil {
		_ = f.Close()
		return nil, err
	}
	if err := s.control(s.raw); err != nil {
		_ = f.Close()
		return nil, fault.Wrap(err, fault.Invalid, "%s is not a serial device", path).Because("address-malformed")
	}
	return s, nil
}

// Close gives the device back as it was.
func (s *serial) Close() error {
	_ = s.control(func(fd int) error { return unix.IoctlSetTermios(fd, unix.TCSETS, s.before) })
	return s.File.Close()
}

// own takes the device, which others of ours respect.
func (s *serial) own(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := s.control(func(fd int) error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) })
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fault.New(fault.Unavailable, "the serial line %s is in use", s.Name()).Because("line-busy").
				WithHint("a line carries one session at a time")
		}
	}
}

// raw has the device carry bytes as they are: no echo, no signals, no flow
// control within the data, no heed of modem lines. What nobody has read is
// dropped.
func (s *serial) raw(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	before := *t
	s.before = &before
	t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON | unix.IXOFF
	t.Oflag &^= unix.OPOST
	t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	t.Cflag &^= unix.CSIZE | unix.PARENB
	t.Cflag |= unix.CS8 | unix.CREAD | unix.CLOCAL
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, t); err != nil {
		return err
	}
	return unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIOFLUSH)
}

// control runs a system call on the device without taking it from the runtime's
// poller, which lets a read be ended.
func (s *serial) control(f func(fd int) error) error {
	c, err := s.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := c.Control(func(fd uintptr) { failed = f(int(fd)) }); err != nil {
		return err
	}
	return failed
}
