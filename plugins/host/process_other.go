//go:build !linux

package host

import (
	"os"
	"syscall"
)

// file is what open opens.
func (s Source) file() string { return s.shown() }

// isSelf is never certain: another file may have the name of this executable by
// now.
func (s Source) isSelf() bool { return false }

// executable is the path: this system cannot execute an open file.
func executable(s Source, _ *os.File) string { return s.shown() }

// dieWithUs does nothing: the process ends with us because its standard input does.
func dieWithUs(*syscall.SysProcAttr) {}

func socketDir(dir string) string { return dir }

func reachable(_, address string, _ *os.File) string { return address }
