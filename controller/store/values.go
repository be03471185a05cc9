package store

import (
	"database/sql/driver"
	"encoding/json"
	"time"
)

// Columns of STRICT tables have the type that they declare, or are NULL.

func text(v driver.Value) string {
	s, _ := v.(string)
	return s
}

func integer(v driver.Value) int64 {
	n, _ := v.(int64)
	return n
}

func blob(v driver.Value) []byte {
	b, _ := v.([]byte)
	return b
}

// instant reads what nanos wrote, and NULL as the zero time.
func instant(v driver.Value) time.Time {
	if n, ok := v.(int64); ok {
		return time.Unix(0, n).UTC()
	}
	return time.Time{}
}

func nanos(t time.Time) driver.Value {
	if t.IsZero() {
		return nil
	}
	return t.UnixNano()
}

// orNull is for columns in which the empty text is nothing.
func orNull(s string) driver.Value {
	if s == "" {
		return nil
	}
	return s
}

// bytesOrNull keeps no bytes as NULL: SQLite's driver reads both back as nil.
func bytesOrNull(b []byte) driver.Value {
	if len(b) == 0 {
		return nil
	}
	return b
}

func fromJSON(v driver.Value, into any) error {
	return json.Unmarshal([]byte(text(v)), into)
}
