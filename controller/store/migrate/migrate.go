// Package migrate brings the tables of a SQLite database to the version of this program: those
// of the store, and those of the sandboxes, which keep books of their own.
package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Up runs those of goose's files that a database has not had yet, in one transaction. The
// transaction keeps out other processes that start at the same time: all is done once, or
// nothing is. db has one connection at most (SetMaxOpenConns): goose must run on the one that
// holds the transaction. A database of a newer version is fault.Unsupported, reason
// "database-newer".
func Up(ctx context.Context, db *sql.DB, files fs.FS) error {
	if _, err := db.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err := up(ctx, db, files); err != nil {
		_, undo := db.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return errors.Join(err, undo)
	}
	_, err := db.ExecContext(ctx, "COMMIT")
	return err
}

func up(ctx context.Context, db *sql.DB, files fs.FS) error {
	// WithIsolateDDL keeps goose from beginning transactions of its own.
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files,
		goose.WithDisableGlobalRegistry(true), goose.WithIsolateDDL(true))
	if err != nil {
		return err
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if have > want {
		return fault.New(fault.Unsupported, "the database is of version %d, this program knows %d", have, want).
			Because("database-newer").WithHint("use the version of the program that last wrote it, or a newer one")
	}
	if have == want {
		return nil
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the tables to version %d: %w", want, err)
	}
	return nil
}
