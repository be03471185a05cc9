package store

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
)

// walIndex is the head of SQLite's index of its write-ahead log, which all processes
// on a database share in the file beside it (https://sqlite.org/walformat.html, section
// 2.2). Every commit that alters something changes it, whoever makes it: so two equal heads mean
// that nothing was altered between.
//
// It is read and never locked, and its file is opened once in a process for all who have that
// database open: closing any descriptor of it drops the locks that SQLite has on it.
type walIndex struct {
	file *os.File
	used int // guarded by indexes
}

// head is what stands at the beginning of a wal-index. A zero one was not read.
type head [headSize]byte

const (
	headSize  = 48
	changesAt = 8 // where the count of commits stands
)

// changes counts commits. It is a number of the machine's own byte order. It is 0 after a recovery
// until the next commit; nothing may rest on such a head, for two of an empty log are alike, whatever
// was in the log before it was emptied.
func (h *head) changes() uint32 { return binary.NativeEndian.Uint32(h[changesAt:]) }

// read reads the head; the zero one if it cannot, or if a commit was just being noted there. SQLite
// writes it twice, the second copy first, so that whoever finds both alike has read no half.
func (x *walIndex) read() head {
	var both [2 * headSize]byte
	if _, err := x.file.ReadAt(both[:], 0); err != nil {
		return head{}
	}
	first, second := head(both[:headSize]), head(both[headSize:])
	if first != second {
		return head{}
	}
	return first
}

var indexes = struct {
	sync.Mutex
	open   []*walIndex
	strays int
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
	name, err := indexName(path)
	if err != nil {
		return nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil
	}
	for _, x := range indexes.open {
		if now, err := x.file.Stat(); err == nil && os.SameFile(info, now) {
			x.used++
			return x
		}
	}
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	x := &walIndex{file: f, used: 1}
	indexes.open = append(indexes.open, x)
	return x
}

// indexName follows links, as SQLite does: the index lies beside the file that they lead to.
func indexName(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	path, err = filepath.EvalSymlinks(path)
	return path + "-shm", err
}

// close is called when the database was closed.
func (x *walIndex) close() {
	indexes.Lock()
	defer indexes.Unlock()
	x.used--
	closeUnused()
}

// stray is for a connection for which no index was opened, or not yet. Until it is back, that is closed
// or has an index, none is closed: it might be its own.
func stray() (back func()) {
	indexes.Lock()
	defer indexes.Unlock()
	indexes.strays++
	return func() {
		indexes.Lock()
		defer indexes.Unlock()
		indexes.strays--
		closeUnused()
	}
}

func closeUnused() {
	if indexes.strays > 0 {
		return
	}
	indexes.open = slices.DeleteFunc(indexes.open, func(x *walIndex) bool {
		if x.used == 0 {
			_ = x.file.Close() // it was only read
		}
		return x.used == 0
	})
}
