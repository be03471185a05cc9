package instrument

import (
	"encoding/json"
	"strconv"
)

// sealed is the part of an instance that is stored encrypted.
type sealed struct {
	Name  string            `json:"n,omitempty"`
	Keys  map[string]string `json:"k,omitempty"`
	State json.RawMessage   `json:"s"`
}

// rowSeal is the associated data of an instance: a row cannot be moved to
// another id or class, or turned back to an older version, without being seen.
func rowSeal(id ID, class ClassID, version int64) []byte {
	return []byte("instances\x00" + string(id) + "\x00" + string(class) + "\x00" + strconv.FormatInt(version, 10))
}

// entrySeal is the associated data of a journal entry.
func entrySeal(t Topic, n Seq) []byte {
	return []byte("journal\x00" + string(t) + "\x00" + strconv.FormatUint(uint64(n), 10))
}
