package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Spent is how much time on processors, of user and system together, this process
// has taken, and how much those have that it has begun and that still run: its
// plugins. A rate tells how busy the machine was; this does not depend on it.
func Spent() (own, begun time.Duration) {
	var self syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &self) == nil {
		own = time.Duration(self.Utime.Nano() + self.Stime.Nano())
	}
	all, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range all {
		text, err := os.ReadFile(name) //nolint:gosec // a file of the system's
		if err != nil {
			continue // it has ended in the meantime
		}
		if parent, ticks := ofStat(text); parent == os.Getpid() {
			begun += time.Duration(ticks) * time.Second / ticksPerSecond
		}
	}
	return own, begun
}

// ticksPerSecond is Linux's unit of what /proc tells, whatever the kernel counts in.
const ticksPerSecond = 100

// ofStat reads who began a process and what it has taken. The name in front may
// hold anything, blanks and brackets too.
func ofStat(text []byte) (parent int, ticks int64) {
	rest := text[bytes.LastIndexByte(text, ')')+1:]
	fields := bytes.Fields(rest)
	const ppid, utime, stime = 1, 11, 12
	if len(fields) <= stime {
		return 0, 0
	}
	parent, _ = strconv.Atoi(string(fields[ppid]))
	for _, at := range []int{utime, stime} {
		var n int64
		_, _ = fmt.Sscan(string(fields[at]), &n)
		ticks += n
	}
	return parent, ticks
}
