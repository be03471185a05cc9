package protocol

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
)

// version is a digest of all that decides this party's answers in a negotiation: its PNP, and the
// operations that its protocols have for each class and role. Parties with the same bundles have
// the same version.
func (m *Manager) version() string {
	type entry struct {
		Info       Info
		Class      instrument.ClassID
		Peer       comm.Role
		Operations []Operation
	}
	var classes []instrument.ClassID
	for _, b := range m.parts.Bundles {
		for _, c := range b.Classes {
			classes = append(classes, c.Info().ID)
		}
	}
	slices.Sort(classes)
	all := []entry{{Info: Info{ID: m.pnp}}}
	for _, id := range slices.Sorted(maps.Keys(m.installed)) {
		in := m.installed[id]
		for _, class := range classes {
			if !in.serves(class) {
				continue
			}
			for _, peer := range []comm.Role{comm.Client, comm.Vendor, comm.Bank} {
				all = append(all, entry{in.info, class, peer, in.protocol.Operations(class, peer)})
			}
		}
	}
	text, err := json.Marshal(all)
	if err != nil { // of names and numbers only
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// Version changes when this party may answer a negotiation in another way.
func (m *Manager) Version() string { return m.versionText }
