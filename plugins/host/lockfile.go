package host

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/disk"
)

// lockFileV1 is the file plugins.lock.
type lockFileV1 struct {
	Format  int     `json:"format"` // 1
	Plugins []Entry `json:"plugins"`
}

const lockFormat = 1

func (l *lockFileV1) find(name string) int {
	for n, e := range l.Plugins {
		if e.Name == name {
			return n
		}
	}
	return -1
}

// readLock reads the file; one that does not exist is empty.
func readLock(path string) (lockFileV1, error) {
	raw, err := disk.Read(path, maxLockFile+1)
	if errors.Is(err, fs.ErrNotExist) {
		return lockFileV1{Format: lockFormat}, nil
	}
	if len(raw) > maxLockFile {
		err = fs.ErrInvalid
	}
	if err != nil {
		return lockFileV1{}, fault.Wrap(err, fault.Internal, "the list of plugins %s cannot be read", path)
	}
	return parseLock(raw)
}

// maxLockFile is more than any list of plugins has.
const maxLockFile = 4 << 20

// parseLock reads the file's text; fault.Invalid.
func parseLock(raw []byte) (lockFileV1, error) {
	var l lockFileV1
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return l, damaged(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return l, damaged(err)
	}
	if l.Format != lockFormat {
		return l, fault.New(fault.Unsupported, "the list of plugins has format %d, this version reads %d", l.Format, lockFormat).Because("catalog-version")
	}
	for n, e := range l.Plugins {
		// An entry for another version of the door stays: Load refuses it alone.
		if err := e.check(); err != nil && fault.ReasonOf(err) != "plugin-version" {
			return l, err
		}
		if l.find(e.Name) != n {
			return l, fault.New(fault.Invalid, "the list of plugins names %s twice", e.Name).Because("catalog-malformed")
		}
	}
	return l, nil
}

// writeLock replaces the file: after a crash it is the old one or the new one.
func writeLock(path string, l lockFileV1) error {
	raw, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return fault.Wrap(err, fault.Internal, "the list of plugins cannot be written")
	}
	if err := disk.Replace(path, append(raw, '\n')); err != nil {
		return fault.Wrap(err, fault.Internal, "the list of plugins %s cannot be written", path)
	}
	return nil
}

func damaged(err error) error {
	return fault.Wrap(err, fault.Invalid, "the list of plugins is damaged").Because("catalog-malformed").
		WithHint("restore plugins.lock from a backup, or add the plugins again")
}
