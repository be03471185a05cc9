package cli

import (
	"io"

	"golang.org/x/sys/unix"
)

// quiet has a terminal show nothing of what is typed, until its state is restored.
func quiet(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Lflag = t.Lflag&^unix.ECHO | unix.ICANON | unix.ISIG
	t.Iflag |= unix.ICRNL
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}

// readQuiet reads the line that is typed at a quiet terminal. It leaves the terminal's state alone, for
// it may still read when nobody waits for it any more.
func readQuiet(fd int) (text []byte, err error) {
	for b := make([]byte, 1); ; {
		switch n, err := unix.Read(fd, b); {
		case err == unix.EINTR:
		case err != nil:
			return nil, err
		case n == 0 && len(text) == 0:
			return nil, io.EOF
		case n == 0:
			return text, nil
		case b[0] == '\n':
			return text, nil
		default:
			text = append(text, b[0])
		}
	}
}
