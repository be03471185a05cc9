package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// conn is one connection with the statements that it has prepared. Each text is parsed once
// in the life of a connection, because parsing costs more than most of our reads. It uses
// the driver without database/sql, and without a context: an interrupted statement would
// spoil the transaction for others. One goroutine uses it at a time.
type conn struct {
	driver   driver.Conn
	prepared map[string]statement
	args     []driver.NamedValue
}

// statement is what SQLite's driver offers of each prepared text.
type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

func connect(ctx context.Context, c driver.Connector) (*conn, error) {
	d, err := c.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{driver: d, prepared: make(map[string]statement)}, nil
}

// exec runs a statement and returns how many rows it has changed. Arguments are string,
// int64, bool, []byte or nil.
func (c *conn) exec(query string, args ...driver.Value) (int64, error) {
	s, err := c.prepare(query)
	if err != nil {
		return 0, err
	}
	res, err := s.ExecContext(context.Background(), c.number(args))
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// query runs a statement and calls each with every row. The slice is overwritten by the next
// row. The first error of each ends the query.
func (c *conn) query(query string, each func(row []driver.Value) error, args ...driver.Value) (err error) {
	s, err := c.prepare(query)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(context.Background(), c.number(args))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(row); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := each(row); err != nil {
			return err
		}
	}
}

// one runs a statement that finds at most one row, and reports whether it has found one.
func (c *conn) one(query string, scan func(row []driver.Value) error, args ...driver.Value) (bool, error) {
	found := false
	err := c.query(query, func(row []driver.Value) error {
		found = true
		return scan(row)
	}, args...)
	return found, err
}

func (c *conn) prepare(query string) (statement, error) {
	if s, ok := c.prepared[query]; ok {
		return s, nil
	}
	d, err := c.driver.Prepare(query)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", query, err)
	}
	s, ok := d.(statement)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the driver's %T is not a statement", d), d.Close())
	}
	c.prepared[query] = s
	return s, nil
}

func (c *conn) number(args []driver.Value) []driver.NamedValue {
	c.args = c.args[:0]
	for i, v := range args {
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return c.args
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.prepared {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.driver.Close())...)
}

// isEngine reports whether err is SQLite's own.
func isEngine(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e)
}

// hasCode reports whether err is SQLite's and has that code. A primary code matches all of
// its extended codes.
func hasCode(err error, code int) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code() == code || e.Code()&0xff == code)
}

func isBusy(err error) bool { return hasCode(err, sqlite3.SQLITE_BUSY) }

// isFull reports whether the disk had no room. Then nothing was changed, not even by a COMMIT:
// its last page, without which nothing of it counts, is written last. A disk that loses what
// it has taken is another failure.
func isFull(err error) bool { return hasCode(err, sqlite3.SQLITE_FULL) }
