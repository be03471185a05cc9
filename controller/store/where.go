package store

import (
	"database/sql/driver"
	"strings"
)

// where collects conditions. There are few combinations, so that each text is
// prepared once; values are always arguments.
type where struct {
	conditions []string
	args       []driver.Value
}

func (w *where) add(condition string, args ...driver.Value) {
	w.conditions = append(w.conditions, condition)
	w.args = append(w.args, args...)
}

// equal restricts a column, unless value is empty.
func (w *where) equal(column, value string) {
	if value != "" {
		w.add(column+" = ?", value)
	}
}

func (w *where) text() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}

// limited bounds how many rows there are. A bare parameter there is looked at by
// the planner, and the statement would be parsed again each time it gets a value.
const limited = ` LIMIT ? + 0`

// limit is SQLite's: negative means none.
func limit(n int) driver.Value {
	if n <= 0 {
		return int64(-1)
	}
	return int64(n)
}
