package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"io/fs"

	"github.com/swaperoo/swaperoo/controller/store/migrate"
)

// Each file is marked as one statement for goose. Otherwise goose searches it for the ends of
// statements with megabytes of buffer for each line, which took a third of the time of a test
// under the race detector.
//
//go:embed migrations/*.sql
var migrations embed.FS

// migrateAll brings the tables to the version of this program.
func migrateAll(ctx context.Context, c driver.Connector) (err error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	db := sql.OpenDB(c)
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	return migrate.Up(ctx, db, files)
}
