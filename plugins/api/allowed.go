package api

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
)

// Allowed names one change that a class has allowed in the view of a role; see
// README.md. before is nil on creation. Versions are not in it: what they become
// is the host's affair.
type Allowed [sha256.Size]byte

// NameAllowed is the name of a change; host and plugin find the same one.
func NameAllowed(role comm.Role, before, after *instrument.Instance) Allowed {
	text := field(make([]byte, 0, 512+length(before)+length(after)), string(role))
	for _, i := range []*instrument.Instance{before, after} {
		if i == nil {
			text = field(text, "")
			continue
		}
		for _, part := range []string{"i", string(i.ID), string(i.Class), string(i.Owner), i.Name, i.Status} {
			text = field(text, part)
		}
		text = field(text, i.State)
		var room [8]string
		keys := room[:0]
		for key := range i.Keys {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			text = field(field(text, key), i.Keys[key])
		}
		text = field(text, strconv.Itoa(len(i.Keys)))
	}
	return sha256.Sum256(text)
}

// length is about how long what is written of an instance is.
func length(i *instrument.Instance) int {
	if i == nil {
		return 0
	}
	return len(i.Name) + len(i.State)
}

// field adds a text behind its length, so that no two lists of texts are one.
func field[T string | json.RawMessage](list []byte, text T) []byte {
	return append(binary.BigEndian.AppendUint32(list, uint32(len(text))), text...)
}
