package check

import (
	"errors"
	"io"
	"os"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// enough is what must fit onto the disk of a party that goes on: a few commits.
const enough = 1 << 20

// Room refuses a directory in which nothing can be stored any more, as on a full disk, of
// which a database that is only read knows nothing. What it writes it removes.
func Room(dir string) error {
	f, err := os.CreateTemp(dir, ".room-*")
	if err != nil {
		return noRoom(dir, err)
	}
	err = fill(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close(), os.Remove(f.Name())); err != nil {
		return noRoom(dir, err)
	}
	return nil
}

func fill(w io.Writer) error {
	_, err := w.Write(make([]byte, enough))
	return err
}

func noRoom(dir string, err error) error {
	return fault.Wrap(err, fault.Unavailable, "nothing can be stored in %s: %s", dir, why(err)).Because("disk-unwritable").
		WithHint("make room on that disk, or let this user write there")
}

func why(err error) string {
	if path, ok := errors.AsType[*os.PathError](err); ok {
		return path.Err.Error()
	}
	return err.Error()
}
