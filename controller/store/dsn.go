package store

import (
	"crypto/rand"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// settings of every connection. FULL makes COMMIT wait for the disk; the others
// keep a mistake in our SQL from becoming a change of the file.
func settings(busy time.Duration) url.Values {
	return url.Values{
		"_busy_timeout": {strconv.FormatInt(busy.Milliseconds(), 10)},
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"},
		"_foreign_keys": {"on"},
		"_defensive":    {"1"},
		"_dqs":          {"0"},
		"_pragma":       {"wal_autocheckpoint(4000)"}, // pages; a checkpoint waits for the disk twice
	}
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
