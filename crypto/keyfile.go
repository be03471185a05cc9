package crypto

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/disk"
)

// CreateKeyFile writes 32 random bytes to a new file that only its owner may
// read: the key of a server's vault. An existing file is fault.Conflict and is
// left alone.
func CreateKeyFile(path string, random io.Reader) error {
	key, err := RandomSecret(random, KeySize)
	if err != nil {
		return err
	}
	defer key.Wipe()
	switch err := disk.Create(path, key.reveal()); {
	case errors.Is(err, fs.ErrExist):
		return fault.Wrap(err, fault.Conflict, "there is already a key file at %s", path).Because("key-file-exists")
	case err != nil:
		return fault.Wrap(err, fault.Internal, "the key file %s cannot be written", path)
	}
	return nil
}

// readKeyFile reads a key. One that others can read as well is fault.Denied: it may be no secret
// any more.
func readKeyFile(path string) (Secret, error) {
	f, err := disk.Open(path, os.O_RDONLY)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Secret{}, fault.Wrap(err, fault.NotFound, "there is no key file at %s", path).Because("key-file-missing")
	case errors.Is(err, disk.ErrNotPlain):
		return Secret{}, noKeyFile(path)
	case err != nil:
		return Secret{}, fault.Wrap(err, fault.Denied, "the key file %s cannot be read", path).Because("key-file-unreadable")
	}
	defer func() { _ = f.Close() }()
	// Stat of the open file: by now the path could name another one.
	info, err := f.Stat()
	if err != nil || info.Size() != KeySize {
		return Secret{}, noKeyFile(path)
	}
	if disk.OthersRead(info) {
		return Secret{}, fault.New(fault.Denied, "the key file %s can be read by others", path).
			Because("key-file-open").WithHint("make it yours alone with chmod 600, and think about who has read it")
	}
	key := make([]byte, KeySize)
	defer clear(key)
	if _, err := io.ReadFull(f, key); err != nil {
		return Secret{}, fault.Wrap(err, fault.Internal, "the key file %s cannot be read", path)
	}
	return NewSecret(key), nil
}

func noKeyFile(path string) error {
	return fault.New(fault.Invalid, "%s is not a key file: those have 32 bytes", path).Because("key-file-malformed")
}
