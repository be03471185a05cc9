package host

import "os"

// Stamp is what a file system says of a file that tells whether it was changed: nobody
// but root sets Changed to what it was. Two stamps that are equal are of the same content, unless
// it was written in the same tick of the system's clock.
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
