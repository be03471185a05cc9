package store

import (
	"encoding/binary"
	"io"
	"os"
	"runtime"
	"sync"
)

// walIndex is the head of SQLite's index of its write-ahead log, which all processes
// on a database share in the file beside it (https://sqlite.org/walformat.html, section
// 2.2). Every commit changes it, whoever makes it: so two equal heads mean that nothing was
// committed between.
//
// It is read and never locked, and its file is opened once in a process for all who have that
// database open: closing any descriptor of it drops the locks that SQLite has on it.
type walIndex struct {
	file *os.File
	used int // guarded by indexes
}

// head is what stands at the beginning of a wal-index, which SQLite writes twice: the second copy
// first, so that whoever finds both alike has read no half.
type head [2 * headSize]byte

const headSize = 48

// changes counts commits. It is a number of the machine's own byte order.
func (h *head) changes() uint32 { return binary.NativeEndian.Uint32(h[8:]) }

// whole says whether no commit was on its way to the head when it was read.
func (h *head) whole() bool { return [headSize]byte(h[:headSize]) == [headSize]byte(h[headSize:]) }

var indexes = struct {
	sync.Mutex
	open []*walIndex
}{}

// openIndex finds the index of the database at path, which this process must have open. It is nil
// where a file cannot be relied on to be read as others have mapped it, and where there is none:
// then nothing may be remembered.
func openIndex(path string) *walIndex {
	if runtime.GOOS != "linux" {
		return nil
	}
	indexes.Lock()
	defer indexes.Unlock()
	info, err := os.Stat(path + "-shm")
	if err != nil {
		return nil
	}
	for _, x := range indexes.open {
		if now, err := x.file.Stat(); err == nil && os.SameFile(info, now) {
			x.used++
			return x
		}
	}
	f, err := os.Open(path + "-shm")
	if err != nil {
		return nil
	}
	x := &walIndex{file: f, used: 1}
	indexes.open = append(indexes.open, x)
	return x
}

// read reads the head; false if it cannot, or if a commit was just being noted there.
func (x *walIndex) read(h *head) bool {
	n, err := x.file.ReadAt(h[:], 0)
	return n == len(h) && (err == nil || err == io.EOF) && h.whole()
}

// close is for who has closed the database.
func (x *walIndex) close() error {
	indexes.Lock()
	defer indexes.Unlock()
	if x.used--; x.used > 0 {
		return nil
	}
	for n, open := range indexes.open {
		if open == x {
			indexes.open = append(indexes.open[:n], indexes.open[n+1:]...)
			break
		}
	}
	return x.file.Close()
}
