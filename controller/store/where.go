package store

import (
	"database/sql/driver"
	"strings"
)

// where collects the conditions of a query. Values are always arguments. There are few
// combinations, so each text is prepared once.
type where struct {
	conditions []string
	args       []driver.Value
}

func (w *where) add(condition string, args ...driver.Value) {
	w.conditions = append(w.conditions, condition)
	w.args = append(w.args, args...)
}

// equal adds the condition that a column has a value; an empty value adds none.
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

// limited bounds the number of rows. The sum hides the parameter from SQLite's planner, which would
// parse the statement again for each value of a bare one.
const limited = ` LIMIT ? + 0`

// limit is SQLite's: negative means none.
func limit(n int) driver.Value {
	if n <= 0 {
		return int64(-1)
	}
	return int64(n)
}
