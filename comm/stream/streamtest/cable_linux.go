package streamtest

import (
	"fmt"
	"io"
	"os"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// Cable is a null-modem cable between two serial devices, which are ends of
// pseudo terminals: what is written to one is read from the other. It lasts as
// long as the test. There are none on other systems than Linux.
func Cable(t testing.TB) (a, b string, there bool) {
	t.Helper()
	first, a := terminal(t)
	second, b := terminal(t)
	var relays sync.WaitGroup
	relay := func(to, from *os.File) {
		_, _ = io.Copy(to, from) // ends with the test
	}
	relays.Go(func() { relay(first, second) })
	relays.Go(func() { relay(second, first) })
	t.Cleanup(func() {
		_ = first.Close()
		_ = second.Close()
		relays.Wait()
	})
	return a, b, true
}

// terminal opens a pseudo terminal: the end of the relay, and the name of the
// other. That one is kept open, so that it lives through all who open and close it.
func terminal(t testing.TB) (end *os.File, path string) {
	t.Helper()
	end, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	check(t, err)
	c, err := end.SyscallConn()
	check(t, err)
	check(t, c.Control(func(fd uintptr) {
		check(t, unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0))
		n, err := unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		check(t, err)
		path = fmt.Sprintf("/dev/pts/%d", n)
	}))
	kept, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0)
	check(t, err)
	t.Cleanup(func() { _ = kept.Close() })
	return end, path
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
