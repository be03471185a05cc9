package house

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/backup"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/crypto/disk"
)

// Sealing is how a backup is sealed.
type Sealing struct {
	Passphrase crypto.Secret
	Work       int // of crypto.SealExport; 0: crypto.ExportWork
}

// Backup writes all that makes this wallet to a new file, sealed, while others use
// the wallet. The wallet's owner asks for it, by their name and passphrase. The file is
// there whole, on disk and for this user only, or not at all; one that is there is
// fault.Conflict and stays. Key files of agents are not in the directory, and not
// in the backup.
func (f Files) Backup(ctx context.Context, user string, owner crypto.Secret, path string, by Sealing, now func() time.Time) (m backup.Manifest, err error) {
	none := backup.Manifest{}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return none, fileTaken(err, path)
	}
	unshare, err := f.shareKeys() // so that keys and what is sealed under them fit
	if err != nil {
		return none, err
	}
	defer func() { _ = unshare() }()
	db, err := store.Open(ctx, f.Store(), store.Options{})
	if err != nil {
		return none, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	who, err := named(ctx, db, user)
	switch {
	case err != nil:
		return none, err
	case who.ID != Self: // before the passphrase: another user's would count as a wrong one of the owner's
		return none, notOwner()
	}
	if err := f.guess(slotUser, now, func() error { return f.opens(owner) }); err != nil {
		return none, err
	}
	return f.backUp(path, backup.Wallet, by, now, func(to string) error { return db.CopyTo(ctx, to) })
}

// BackupBank is Backup of a bank, which may serve meanwhile. It needs no passphrase of the
// bank: whoever can read the directory has its key file as well.
func (f Files) BackupBank(ctx context.Context, path string, by Sealing, now func() time.Time) (backup.Manifest, error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return backup.Manifest{}, fileTaken(err, path)
	}
	return f.backUp(path, backup.Bank, by, now, func(to string) error {
		db, err := store.Open(ctx, f.Store(), store.Options{})
		if err != nil {
			return err
		}
		return errors.Join(db.CopyTo(ctx, to), db.Close())
	})
}

// members are the places of a backup's files in the directory.
func (f Files) members(kind backup.Kind) []backup.File {
	all := []backup.File{{Name: backup.Config, Path: f.Config()}}
	if kind == backup.Bank {
		all = append(all, f.credentials()...)
		all = append(all, backup.File{Name: backup.Key, Path: f.Key()})
	}
	return append(all, backup.File{Name: backup.Plugins, Path: f.Plugins()}, backup.File{Name: backup.Store, Path: f.Store()}, backup.File{Name: backup.Vault, Path: f.Vault()})
}

// credentials are the files for a bank's exchanges.
func (f Files) credentials() []backup.File {
	all := []backup.File{{Name: backup.Credentials, Path: filepath.Join(f.Dir, backup.Credentials)}}
	there, err := os.ReadDir(f.Dir) // sorted
	if err != nil {
		return all // the store is not there either, and that is said
	}
	for _, x := range there {
		if backup.Further(x.Name()) && x.Type().IsRegular() {
			all = append(all, backup.File{Name: x.Name(), Path: filepath.Join(f.Dir, x.Name())})
		}
	}
	return all
}

// backUp writes the members, and for the store a copy that is made now.
func (f Files) backUp(path string, kind backup.Kind, by Sealing, now func() time.Time, copyStore func(to string) error) (m backup.Manifest, err error) {
	sweep(filepath.Join(f.Dir, "backup"))
	dir, err := os.MkdirTemp(f.Dir, "backup"+unfinished+"*")
	if err != nil {
		return m, unwritten(err, f.Dir)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	held, err := os.Open(dir)
	if err != nil {
		return m, unwritten(err, f.Dir)
	}
	defer func() { _ = held.Close() }()
	if _, err := hold(held); err != nil {
		return m, err
	}
	made, copied := now(), filepath.Join(dir, backup.Store)
	if err := copyStore(copied); err != nil {
		return m, err
	}
	files := f.members(kind)
	for n := range files {
		if files[n].Name == backup.Store {
			files[n].Path = copied
		}
	}
	err = writeNew(path, func(w io.Writer) (err error) {
		m, err = by.seal(w, kind, made, files)
		return err
	})
	return m, err
}

func (f Files) opens(owner crypto.Secret) error {
	keys, err := crypto.OpenKeys(f.Vault(), crypto.Slot{Name: slotUser, Lock: f.lockBy(owner)})
	if err == nil {
		keys.Wipe()
	}
	return err
}

func (s Sealing) seal(w io.Writer, kind backup.Kind, made time.Time, files []backup.File) (backup.Manifest, error) {
	work := s.Work
	if work == 0 {
		work = crypto.ExportWork
	}
	to, err := crypto.SealExport(w, s.Passphrase, work)
	if err != nil {
		return backup.Manifest{}, err
	}
	m, err := backup.Write(to, kind, made, files)
	if err == nil {
		err = to.Close()
	}
	return m, err
}

// writeNew makes a file that was not there: beside its place first, and there when
// it is whole and on disk.
func writeNew(path string, write func(io.Writer) error) (err error) {
	sweep(path)
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+unfinished+"*") // mode 0600
	if err != nil {
		return unwritten(err, path)
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	if _, err = hold(temp); err == nil {
		to := &noting{w: temp}
		if err = write(to); to.failed != nil { // the seal does not tell the disk from itself
			err = unwritten(to.failed, path)
		}
	}
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return unwritten(err, path)
	}
	taken, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // nobody else's from here on
	if errors.Is(err, fs.ErrExist) {
		return fileTaken(err, path)
	}
	if err != nil {
		return unwritten(err, path)
	}
	if err := errors.Join(taken.Close(), os.Rename(temp.Name(), path)); err != nil {
		return unwritten(errors.Join(err, os.Remove(path)), path)
	}
	return disk.Sync(filepath.Dir(path))
}

// noting remembers that what is below could not be written.
type noting struct {
	w      io.Writer
	failed error
}

func (n *noting) Write(p []byte) (int, error) {
	written, err := n.w.Write(p)
	if err != nil && n.failed == nil {
		n.failed = err
	}
	return written, err
}

func fileTaken(cause error, path string) error {
	if cause != nil && !errors.Is(cause, fs.ErrExist) {
		return unwritten(cause, path)
	}
	return fault.Wrap(cause, fault.Conflict, "%s is there already", path).Because("file-exists").WithHint("name a file that is not there yet: nothing is replaced")
}

func unwritten(cause error, path string) error {
	if _, ok := errors.AsType[*fault.Fault](cause); ok {
		return cause
	}
	return fault.Wrap(cause, fault.Internal, "%s cannot be written", path).Because("file-unwritable").WithHint("look whether the disk is full or read-only, and whose the folder is")
}
