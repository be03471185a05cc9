package store

import (
	"crypto/rand"
	"database/sql/driver"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// settings of every connection. WAL with FULL makes COMMIT wait for the disk. Foreign keys,
// defensive and no double-quoted strings keep mistakes in our SQL from changing the file.
func settings(busy time.Duration) url.Values {
	return url.Values{
		"_busy_timeout": {strconv.FormatInt(busy.Milliseconds(), 10)},
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"},
		"_foreign_keys": {"on"},
		"_defensive":    {"1"},
		"_dqs":          {"0"},
		"_pragma": {
			"wal_autocheckpoint(4000)", // pages; a checkpoint waits for the disk twice
			"temp_store(memory)",       // what a savepoint keeps of the database goes to no file of the system's
		},
	}
}

// setting is what a PRAGMA must answer.
type setting struct{ pragma, want string }

// durable are the settings that a file must have before money rests on it: on some file
// systems the request for WAL has no effect.
func durable() []setting {
	return []setting{{"journal_mode", "wal"}, {"synchronous", "2"}, {"foreign_keys", "1"}}
}

// check compares the settings of a connection.
func (c *conn) check(settings []setting) error {
	for _, s := range settings {
		have := ""
		if _, err := c.one("PRAGMA "+s.pragma, func(row []driver.Value) error {
			have = fmt.Sprint(row[0])
			return nil
		}); err != nil {
			return err
		}
		if have != s.want {
			return fault.New(fault.Unsupported, "the database would not be safe here: %s is %q, not %q", s.pragma, have, s.want).
				Because("database-not-durable").WithHint("keep the data directory on a local disk")
		}
	}
	return nil
}

// fileDSN names the database in a file.
func fileDSN(path string, v url.Values) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	abs = filepath.ToSlash(abs)
	if !strings.HasPrefix(abs, "/") { // a drive letter
		abs = "/" + abs
	}
	u := url.URL{Scheme: "file", Path: abs, RawQuery: v.Encode()}
	return u.String(), nil
}

// memoryDSN names a new database that lives as long as a connection to it.
func memoryDSN(v url.Values) string {
	v.Set("vfs", "memdb")
	u := url.URL{Scheme: "file", Path: "/swaperoo-" + rand.Text(), RawQuery: v.Encode()}
	return u.String()
}
