//go:build unix

package host

import (
	"os"
	"strconv"
	"syscall"
)

// keepInherited keeps the files that this process was itself started with, beside
// the three standard ones, from all that it starts: whoever started it may have left
// one open that holds a secret. What Go opens is kept anyway.
func keepInherited() {
	list, err := os.ReadDir("/dev/fd")
	if err != nil { // then there is no list of them, and nothing to do about it
		return
	}
	for _, f := range list {
		if fd, err := strconv.Atoi(f.Name()); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
}
