package store

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// CopyTo writes the database, as it is at one moment between two commits, to a new file that
// only this user may read. Others go on reading and writing meanwhile. An existing file is
// fault.Conflict and stays as it is. After any other error there is no file. When CopyTo
// returns nil the copy is whole; it is not synced to the disk yet.
func (db *DB) CopyTo(ctx context.Context, path string) (err error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(err, fault.Conflict, "there is a file %s already", path).Because("file-exists")
	}
	if err := create(path); err != nil {
		return fault.Wrap(err, fault.Internal, "the copy %s cannot be made", path)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(path)
		}
	}()
	return db.pool.apart(ctx, func(c *conn) error {
		_, err := c.exec("VACUUM INTO ?", path) // into a file that is there and empty
		return err
	})
}
