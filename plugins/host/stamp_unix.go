//go:build unix

package host

import (
	"os"

	"golang.org/x/sys/unix"
)

// stampOf is an open file's stamp; nil if the system does not say.
func stampOf(f *os.File) *Stamp {
	var s unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &s); err != nil {
		return nil
	}
	return &Stamp{Inode: s.Ino, Size: s.Size, Changed: s.Ctim.Nano()}
}
