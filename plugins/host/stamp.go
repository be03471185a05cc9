package host

import "os"

// Stamp shows whether a file was changed, by what the file system says of it: nobody but root
// can set Changed back. Equal stamps mean equal content, unless the file was written twice in
// one tick of the system's clock.
type Stamp struct {
	Inode   uint64 `json:"inode"`
	Size    int64  `json:"size"`
	Changed int64  `json:"changed"` // its content, owner or mode: nanoseconds since 1970
}

// of reports whether an open file has this stamp; none is of no file.
func (s *Stamp) of(f *os.File) bool {
	now := stampOf(f)
	return s != nil && now != nil && *s == *now
}
