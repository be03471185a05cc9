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
// another id, class or owner, nor can its status be altered or its content be
// turned back to an older version, without being seen.
func rowSeal(i Instance) []byte {
	ad := make([]byte, 0, 128)
	for _, part := range []string{"instances", string(i.ID), string(i.Class), string(i.Owner), i.Status} {
		ad = append(strconv.AppendQuote(ad, part), 0)
	}
	return strconv.AppendInt(ad, i.Version, 10)
}

// entrySeal is the associated data of a journal entry.
func entrySeal(t Topic, n Seq) []byte {
	return []byte("journal\x00" + string(t) + "\x00" + strconv.FormatUint(uint64(n), 10))
}
