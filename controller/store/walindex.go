package store

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
)

// walIndex is SQLite's index of its write-ahead log, a file beside the database that all processes
// share (https://sqlite.org/walformat.html, section 2.2). Only its head is read here. Every commit
// that alters something changes the head, whoever makes it. So two equal heads mean that nothing
// was altered between.
//
// The file is never locked here, and is opened once in a process for all who have the database
// open: closing any descriptor of it drops the locks that SQLite has on it.
type walIndex struct {
	file *os.File
	used int // guarded by indexes
}

// head is the first part of a wal-index. The zero head stands for one that could not be read.
type head [headSize]byte

const (
	headSize  = 48
	changesAt = 8 // where the count of commits stands
)

// changes is the count of commits in the head, in the machine's byte order. It is 0 from a recovery
// to the next commit. Nothing may rest on such a head: all heads of an empty log are alike, whatever
// the log held before.
func (h *head) changes() uint32 { return binary.NativeEndian.Uint32(h[changesAt:]) }

// read reads the head. It is zero if the file cannot be read, or while a commit is being noted there.
// SQLite writes the head twice, the second copy first: if both are alike, neither was read half.
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

// openIndex opens the index of the database at path, which this process must have open. It is nil,
// and nothing may be remembered, if there is no index, or on systems where a read of the file may
// differ from the memory that others have mapped.
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

// indexName is the path of the index. It follows links, as SQLite does: the index lies beside the
// file to which they lead.
func indexName(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	path, err = filepath.EvalSymlinks(path)
	return path + "-shm", err
}

// close is called after the database was closed.
func (x *walIndex) close() {
	indexes.Lock()
	defer indexes.Unlock()
	x.used--
	closeUnused()
}

// stray is called before a connection is opened whose index this process does not hold open yet.
// back is called when the connection is closed or its index is open. Until then no index is closed:
// it might be that of the same database, whose locks would go with it.
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

// closeUnused closes the indexes that nobody uses, unless there are strays.
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
