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

// Each file is marked as one statement for goose. Otherwise goose searches it for the ends of
// statements with megabytes of buffer for each line, which took a third of the time of a test
// under the race detector.
//
//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the tables to the version of this program, in one transaction. The transaction
// keeps out other processes that start at the same time: all is done once, or nothing is. A
// database of a newer version is fault.Unsupported.
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
