package host

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/swaperoo/swaperoo/crypto/disk"
)

// workdir is the private directory of one host. It has a file that is locked while the host lives.
// So the next host knows which directories are left over: the lock ends with its process.
type workdir struct {
	path string
	lock *os.File
}

const (
	lifePrefix = "host-"
	lockName   = "lock"
)

// openWorkdir makes the directory of this host below dir and removes those of
// hosts that are dead.
func openWorkdir(dir string) (*workdir, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	// Held while we look and make, or another host could take our directory,
	// made and not locked yet, for one of the dead.
	gate, err := os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	defer gate.Close()
	if err := disk.Lock(gate); err != nil {
		return nil, err
	}
	if err := removeDead(dir); err != nil {
		return nil, err
	}
	path, err := os.MkdirTemp(dir, lifePrefix)
	if err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(path, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := disk.TryLock(lock); err != nil {
		lock.Close()
		return nil, err
	}
	return &workdir{path: path, lock: lock}, nil
}

func removeDead(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), lifePrefix) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		lock, err := os.OpenFile(filepath.Join(path, lockName), os.O_RDWR, 0)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if lock != nil {
			alive := disk.TryLock(lock) != nil
			lock.Close()
			if alive {
				continue
			}
		}
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}

func (w *workdir) close() error {
	w.lock.Close()
	return os.RemoveAll(w.path)
}
