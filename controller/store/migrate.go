package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Each file is one statement to goose, which else looks for where statements end with
// megabytes for each line: of a test under the race detector that took a third.
//
//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the tables to this version, in one transaction that also keeps
// out other processes that start at the same time: all or nothing is done, once.
// A database of a newer version is refused.
func migrate(ctx context.Context, c driver.Connector) (err error) {
	db := sql.OpenDB(c)
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1) // goose must run on the connection that holds the transaction

	if _, err := db.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err := up(ctx, db); err != nil {
		_, undo := db.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return errors.Join(err, undo)
	}
	_, err = db.ExecContext(ctx, "COMMIT")
	return err
}

func up(ctx context.Context, db *sql.DB) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	// WithIsolateDDL keeps goose from beginning transactions of its own.
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir,
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
