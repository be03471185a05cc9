package sandbox

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite" // the driver "sqlite" as well
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/store/migrate"
)

// OpenDatabase opens the SQLite file at path, making it and its folder for their
// owner alone, and brings its tables up to migrations. What COMMIT has said is on
// the disk (WAL, synchronous=FULL). There is one connection, so transactions run
// one after the other; another process may have the file open as well.
func OpenDatabase(ctx context.Context, path string, migrations fs.FS) (*sql.DB, error) {
	if err := private(path); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "%s cannot be made", path)
	}
	dsn, err := dsn(path)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if err := patiently(ctx, func() error { return migrate.Up(ctx, db, migrations) }); err != nil {
		return nil, errors.Join(fault.Wrap(err, fault.Internal, "%s cannot be opened", path), db.Close())
	}
	return db, nil
}

// patiently repeats do while another process that opens the same file is in its way. SQLite's busy
// time-out does not cover the change to WAL, which answers BUSY at once.
func patiently(ctx context.Context, do func() error) error {
	for tries := 2000; ; tries-- {
		err := do()
		var e *sqlite.Error
		if !errors.As(err, &e) || e.Code()&0xff != sqlite3.SQLITE_BUSY || tries == 0 {
			return err
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

// private makes the file before SQLite does, whose companions take its mode over.
func private(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func dsn(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	abs = filepath.ToSlash(abs)
	if !strings.HasPrefix(abs, "/") { // a drive letter
		abs = "/" + abs
	}
	v := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
	}}
	u := url.URL{Scheme: "file", Path: abs, RawQuery: v.Encode()}
	return u.String(), nil
}

// Transact runs do in one transaction, which is committed when do gives no error
// and otherwise never was.
func Transact(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		if undo := tx.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
			return errors.Join(err, undo)
		}
		return err
	}
	return tx.Commit()
}
