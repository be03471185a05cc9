package host

import "os"

// Stamp shows whether a file was changed, by what the file system records of it. Nobody but root can
// set Changed back. So equal stamps mean equal content, unless the file was written twice within one
// tick of the system's clock.
type Stamp struct {
	Inode   uint64 `json:"inode"`
	Size    int64  `json:"size"`
	Changed int64  `json:"changed"` // its content, owner or mode: nanoseconds since 1970
}

// of reports whether an open file has this stamp; no file has a nil one.
func (s *Stamp) of(f *os.File) bool {
	now := stampOf(f)
	return s != nil && now != nil && *s == *now
}
