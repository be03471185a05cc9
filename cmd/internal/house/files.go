package house

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/crypto/disk"
)

// Files are the paths within a data directory.
type Files struct {
	Dir string
	// LockBy makes the lock of a passphrase; nil: crypto.Passphrase.
	LockBy func(word crypto.Secret) crypto.Lock
}

func (f Files) lockBy(word crypto.Secret) crypto.Lock {
	if f.LockBy != nil {
		return f.LockBy(word)
	}
	return crypto.Passphrase(word)
}

// Config is the operator's file.
func (f Files) Config() string { return filepath.Join(f.Dir, "config.toml") }

// Vault holds the wrapped data key.
func (f Files) Vault() string { return filepath.Join(f.Dir, config.MarkVault) }

// Key is the key file of a party that starts unattended.
func (f Files) Key() string { return filepath.Join(f.Dir, "node.key") }

// Store is the database.
func (f Files) Store() string { return filepath.Join(f.Dir, "store.db") }

// Plugins is the catalog of third-party plugins.
func (f Files) Plugins() string { return filepath.Join(f.Dir, "plugins.lock") }

// Run is where plugins have their sockets.
func (f Files) Run() string { return filepath.Join(f.Dir, "run") }

// Lock is held by a process that must be the only one of its kind.
func (f Files) Lock() string { return filepath.Join(f.Dir, "lock") }

// Lives is where each process that runs operations holds a file.
func (f Files) Lives() string { return filepath.Join(f.Dir, "lives") }

// vaultLock is held while the vault is replaced.
func (f Files) vaultLock() string { return filepath.Join(f.Dir, "vault.lock") }

// keysLock is shared by all processes that have a wallet open, and held by one that changes
// the keys that they use.
func (f Files) keysLock() string { return filepath.Join(f.Dir, "keys.lock") }

// lockedFile changes when the wallet is locked.
func (f Files) lockedFile() string { return filepath.Join(f.Dir, "locked") }

// make creates the directory for this user only; it must not hold a party yet.
func (f Files) make() error {
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return fault.Wrap(err, fault.Invalid, "the directory %s cannot be made", f.Dir).Because("dir-unusable")
	}
	return f.Free()
}

// Free refuses a directory that holds a party already. One that is there and holds
// none becomes this user's alone, before anything is written to it; somebody else's
// is refused.
func (f Files) Free() error {
	if _, err := os.Stat(f.Vault()); err == nil {
		return fault.New(fault.Conflict, "%s holds a party already", f.Dir).Because("dir-taken").
			WithHint("choose another --dir, or use the party that is there")
	}
	if err := config.Alone(f.Dir, config.MarkVault); err != nil {
		return err
	}
	if f.lostVault() {
		return f.withoutVault(fault.Conflict)
	}
	info, err := os.Stat(f.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil || !info.IsDir():
		return fault.Wrap(err, fault.Invalid, "%s cannot be used as a directory", f.Dir).Because("dir-unusable")
	case !mine(info):
		return fault.New(fault.Denied, "the directory %s is not yours alone", f.Dir).Because(reasonShared).
			WithHint("choose another --dir, or become its owner")
	case disk.OthersRead(info):
		if err := os.Chmod(f.Dir, 0o700); err != nil {
			return fault.Wrap(err, fault.Denied, "others cannot be kept out of %s", f.Dir).Because(reasonShared)
		}
	}
	return nil
}

// reasonShared marks a directory that others may change: they could put a database, a
// vault or a plugin of theirs into it.
const reasonShared fault.Reason = "dir-shared"

// ReasonEmpty marks a directory that holds no party.
const ReasonEmpty fault.Reason = "dir-empty"

// Check refuses a directory that holds no party, that belongs to another user, in which others may write or
// change what decides about money, or whose database is missing or empty.
func (f Files) Check() error {
	if _, err := os.Stat(f.Vault()); err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return f.closed(err)
		}
		if f.opened() {
			return f.withoutVault(fault.NotFound)
		}
		return fault.Wrap(err, fault.NotFound, "there is no party in %s", f.Dir).Because(ReasonEmpty).
			WithHint("make one with the init command, or name another --dir")
	}
	info, err := os.Stat(f.Dir)
	if err != nil {
		return fault.Wrap(err, fault.NotFound, "there is no party in %s", f.Dir).Because(ReasonEmpty)
	}
	if err := f.foreign(info); err != nil {
		return err
	}
	if disk.OthersWrite(info) {
		return fault.New(fault.Denied, "others may write in %s", f.Dir).Because(reasonShared).
			WithHint("chmod 700 %s, and think about who has written there", f.Dir)
	}
	if err := f.unshared(info); err != nil {
		return err
	}
	switch info, err := os.Stat(f.Store()); { // an empty one in its place would know of nothing
	case errors.Is(err, fs.ErrNotExist):
		return f.withoutStore(err, "missing")
	case err == nil && info.Size() == 0:
		return f.withoutStore(nil, "empty")
	}
	return nil
}

// unshared refuses settings, keys, a database or a list of plugins that others may write,
// where they can reach them.
func (f Files) unshared(dir fs.FileInfo) error {
	if !disk.OthersRead(dir) {
		return nil
	}
	for _, path := range []string{f.Config(), f.Vault(), f.Store(), f.Store() + "-wal", f.Plugins()} {
		if info, err := os.Stat(path); err == nil && disk.OthersWrite(info) {
			return fault.New(fault.Denied, "others may write %s", path).Because(reasonShared).
				WithHint("chmod 600 %s, and think about who has written there", path)
		}
	}
	return nil
}

// withoutStore refuses a party that has a vault and no database, or a database that does
// not know the party: its numbers would begin again.
func (f Files) withoutStore(cause error, is string) error {
	return fault.Wrap(cause, fault.NotFound, "the database of the party in %s is %s", f.Dir, is).Because("store-missing").
		WithHint("put %s back; if it is lost, `restore` makes the party anew out of a backup, in an empty directory", filepath.Base(f.Store()))
}

func inUse(path string, err error) error {
	return fault.Wrap(err, fault.Locked, "another process has taken %s", path).
		Because("dir-in-use").WithHint("wait for it to end, or stop it")
}
