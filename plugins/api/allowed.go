package api

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"maps"
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
func NameAllowed(role comm.Role, before, after *instrument.Instance) (name Allowed) {
	h := sha256.New()
	field(h, string(role))
	for _, i := range []*instrument.Instance{before, after} {
		if i == nil {
			field(h, "")
			continue
		}
		for _, text := range []string{"i", string(i.ID), string(i.Class), string(i.Owner), i.Name, i.Status, string(i.State)} {
			field(h, text)
		}
		for _, key := range slices.Sorted(maps.Keys(i.Keys)) {
			field(h, key)
			field(h, i.Keys[key])
		}
		field(h, strconv.Itoa(len(i.Keys)))
	}
	h.Sum(name[:0])
	return name
}

// field adds a text behind its length, so that no two lists of texts are one.
func field(h hash.Hash, text string) {
	var length [4]byte
	binary.BigEndian.PutUint32(length[:], uint32(len(text)))
	h.Write(length[:])
	h.Write([]byte(text))
}
