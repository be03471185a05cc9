//go:build unix

package host

import (
	"os"
	"strconv"
	"syscall"
)

// keepInherited marks the files with which this process was started, beside the three standard ones,
// so that the processes that it starts do not inherit them: one may hold a secret. Files that Go
// opens are marked anyway.
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
