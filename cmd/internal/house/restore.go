package house

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/backup"
	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/crypto/disk"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/host"
	"github.com/swaperoo/swaperoo/protocol"
)

// Restore makes the directory out of a backup of a kind. It must be empty or not exist.
// Everything is read and checked in another directory, which takes its place when it is
// complete and on disk: one beside it, or if it is there already, within it, from where all
// moves up, the vault last. A failure leaves nothing; a crash leaves at most what is no party.
// See Mark for what a restored party does not do. ready, if there is one, sees the files while
// they are no party yet.
func (f Files) Restore(ctx context.Context, kind backup.Kind, path string, passphrase crypto.Secret, now time.Time, ready func(Files) error) (Mark, error) {
	dir, err := filepath.Abs(f.Dir)
	if err != nil {
		return Mark{}, unwritten(err, f.Dir)
	}
	if err := unused(dir); err != nil {
		return Mark{}, err
	}
	sealed, err := opened(ctx, path)
	if err != nil {
		return Mark{}, err
	}
	defer func() { _ = sealed.Close() }()
	defer context.AfterFunc(ctx, func() { _ = sealed.Close() })() // a pipe may say nothing for ever
	mark, err := f.restore(ctx, kind, sealed, dir, passphrase, now, ready)
	if err != nil && ctx.Err() != nil {
		return Mark{}, endedBefore(ctx)
	}
	return mark, err
}

// opened opens the file of a backup. Who opens a pipe waits for who writes into it.
func opened(ctx context.Context, path string) (*os.File, error) {
	file, err := cli.Open(ctx, path)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, endedBefore(ctx)
	case err != nil:
		return nil, fault.Wrap(err, fault.NotFound, "the backup %s cannot be read", path).Because("file-missing").WithHint("look at its name, and whose it is")
	}
	return file, nil
}

func endedBefore(ctx context.Context) error {
	return fault.Wrap(context.Cause(ctx), fault.Timeout, "this was ended before the backup was read: nothing was made").Because("interrupted").WithHint("start it again")
}

// restore is Restore of a backup that is open.
func (f Files) restore(ctx context.Context, kind backup.Kind, sealed io.Reader, dir string, passphrase crypto.Secret, now time.Time, ready func(Files) error) (Mark, error) {
	archive, err := crypto.OpenExport(sealed, passphrase)
	if err != nil {
		return Mark{}, err
	}
	temp, err := scratch(dir)
	if err != nil {
		return Mark{}, err
	}
	defer func() { _ = os.RemoveAll(temp) }() // what has moved up has left it empty
	mark, err := (Files{Dir: temp, LockBy: f.LockBy}).unpack(ctx, kind, archive, now, ready)
	if err != nil {
		return mark, err
	}
	return mark, place(temp, dir)
}

// within is the directory in which one that is there already is restored.
const within = ".restoring"

// scratch makes the directory in which a restore writes. One restore at a time writes within
// a directory; only its owner may be able to, or it may be a mount that nothing can replace.
func scratch(dir string) (string, error) {
	if _, err := os.Lstat(dir); err == nil {
		temp := filepath.Join(dir, within)
		if err := (Files{Dir: dir}).Free(); err != nil {
			return "", err
		}
		if err := os.Mkdir(temp, 0o700); errors.Is(err, fs.ErrExist) {
			return "", halfway(dir)
		} else if err != nil {
			return "", unwritten(err, dir)
		}
		return temp, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return "", unwritten(err, dir)
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+".restoring-*") // mode 0700
	if err != nil {
		return "", unwritten(err, dir)
	}
	return temp, nil
}

func halfway(dir string) error {
	return fault.New(fault.Conflict, "%s is being restored", dir).Because("dir-taken").
		WithHint("if that was killed, and has left %s, remove all that is in %s and start again", filepath.Join(dir, within), dir)
}

// unused refuses a directory in which there is anything.
func unused(dir string) error {
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && info.IsDir() {
		if err := (Files{Dir: dir}).foreign(info); err != nil { // its owner could not look into what takes its place
			return err
		}
		var there []fs.DirEntry
		if there, err = os.ReadDir(dir); err == nil && len(there) == 0 {
			return nil
		}
		left := func(e fs.DirEntry) bool { return e.Name() == within }
		if _, none := os.Lstat((Files{Dir: dir}).Vault()); none != nil && slices.ContainsFunc(there, left) {
			return halfway(dir)
		}
	}
	return fault.Wrap(err, fault.Conflict, "%s is in use", dir).Because("dir-taken").WithHint("name another --dir, empty or not there yet")
}

// unpack fills a new directory. Its vault, without which it is no party, gets its
// name last.
func (f Files) unpack(ctx context.Context, kind backup.Kind, archive io.Reader, now time.Time, ready func(Files) error) (Mark, error) {
	vault := f.Vault() + ".part"
	paths := map[string]string{}
	for _, member := range f.members(kind) {
		paths[member.Name] = member.Path
	}
	paths[backup.Vault] = vault
	m, err := backup.Read(archive, kind, func(name string) (io.WriteCloser, error) {
		if backup.Further(name) {
			paths[name] = filepath.Join(f.Dir, name)
		}
		file, err := os.OpenFile(paths[name], os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, unwritten(err, paths[name])
		}
		return synced{file}, nil
	})
	if err != nil {
		return Mark{}, unwritten(err, f.Dir)
	}
	if _, err := crypto.VaultSlots(vault); err != nil {
		return Mark{}, err
	}
	mark := Mark{Restored: now.UTC(), Backup: m.Made}
	if err := f.collect(ctx, kind, &mark); err != nil {
		return mark, err
	}
	if err := f.writeMark(mark); err != nil {
		return mark, err
	}
	if ready != nil {
		if err := ready(f); err != nil {
			return mark, err
		}
	}
	if err := errors.Join(os.Rename(vault, f.Vault()), disk.Sync(f.Dir)); err != nil {
		return mark, unwritten(err, f.Dir)
	}
	return mark, nil
}

// collect opens the store, which proves that it is one, and notes what is in it.
func (f Files) collect(ctx context.Context, kind backup.Kind, m *Mark) error {
	db, err := store.Open(ctx, f.Store(), store.Options{})
	if err != nil {
		return err
	}
	if m.Unnumbered = kind == backup.Bank; m.Unnumbered {
		return db.Close()
	}
	used, err := f.usedUp()
	if err != nil {
		return errors.Join(err, db.Close())
	}
	return errors.Join(m.note(ctx, db, used), db.Close())
}

// usedUp tells what no operation begins with any more, which nothing since the backup can
// have changed. It knows the classes of a wallet as they describe themselves, ours and those
// in the catalog; an instrument of any other class counts as usable.
func (f Files) usedUp() (func(instrument.Row) bool, error) {
	listed, err := host.NewCatalog(f.Plugins()).List()
	if err != nil {
		return nil, err
	}
	all := Described()
	for _, l := range listed {
		all = append(all, l.Description)
	}
	infos := map[instrument.ClassID]instrument.Info{}
	for _, d := range all {
		for _, info := range d.View(comm.Client).Classes {
			if _, ours := infos[info.ID]; !ours {
				infos[info.ID] = info
			}
		}
	}
	return func(r instrument.Row) bool {
		info, known := infos[r.Class]
		return known && !info.Usable(r.Status)
	}, nil
}

func (m *Mark) note(ctx context.Context, db *store.DB, used func(instrument.Row) bool) error {
	rows, err := db.Rows(ctx, instrument.Filter{})
	if err != nil {
		return err
	}
	for _, r := range rows {
		valueless := r.Class == taler.ClassExchange || r.Class == controller.ClassPayment // what is known of exchanges, and records
		if !valueless && !used(r) {
			m.Unchecked = append(m.Unchecked, r.ID)
		}
	}
	open, err := db.OperationRows(ctx, protocol.Filter{State: protocol.Running})
	if err != nil {
		return err
	}
	for _, r := range open {
		m.Held = append(m.Held, r.ID)
	}
	return nil
}

// place puts a directory in its place, unless somebody has made another one there meanwhile, or
// what it holds into the one within which it is.
func place(temp, dir string) error {
	move := os.Rename
	if filepath.Dir(temp) == dir {
		move = moveUp
	}
	if err := move(temp, dir); err != nil {
		return fault.Wrap(err, fault.Conflict, "nothing was restored: it could not be put at %s", dir).Because("dir-taken").
			WithHint("name another --dir, empty or not there yet")
	}
	return disk.Sync(filepath.Dir(temp))
}

// moveUp moves what a directory holds into the one around it, in which nothing else may be.
// The vault comes last: without it there is no party. What was moved goes if that fails.
func moveUp(temp, dir string) error {
	around, err := os.ReadDir(dir)
	if err != nil || len(around) != 1 {
		return errors.Join(err, fs.ErrExist)
	}
	ours, err := os.ReadDir(temp)
	if err != nil {
		return err
	}
	for _, one := range ours {
		if one.Name() != config.MarkVault {
			err = errors.Join(err, os.Rename(filepath.Join(temp, one.Name()), filepath.Join(dir, one.Name())))
		}
	}
	if err == nil {
		err = errors.Join(disk.Sync(dir), os.Rename(filepath.Join(temp, config.MarkVault), filepath.Join(dir, config.MarkVault)))
	}
	if err != nil {
		for _, one := range ours {
			_ = os.RemoveAll(filepath.Join(dir, one.Name()))
		}
	}
	return err
}

// synced is a file that is on disk when it is closed.
type synced struct{ *os.File }

// Write implements io.Writer. It tells a full disk from a damaged backup.
func (s synced) Write(p []byte) (int, error) {
	n, err := s.File.Write(p)
	if err != nil {
		err = unwritten(err, s.Name())
	}
	return n, err
}

// ReadFrom keeps io.Copy to Write.
func (s synced) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{s}, r)
}

// Close implements io.Closer.
func (s synced) Close() error { return errors.Join(s.Sync(), s.File.Close()) }
