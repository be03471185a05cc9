// Package bundled lists the bundles that ship with the binary. It is the only
// place that names them; they take the same door as everybody else's.
package bundled

import (
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/plugins/card"
	"github.com/swaperoo/swaperoo/plugins/prepaid"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/plugins/taler"
	"github.com/swaperoo/swaperoo/protocol"
)

// All is every first-party bundle, by name.
func All() []sdk.Bundle { return []sdk.Bundle{card.Bundle(), prepaid.Bundle(), taler.Bundle()} }

// InProcess are all of them for a party of that role, without a door in between.
func InProcess(role comm.Role) []protocol.Bundle {
	var out []protocol.Bundle
	for _, b := range All() {
		out = append(out, protocol.Bundle{Name: b.Name, Classes: b.Classes(role), Protocols: b.Protocols(role)})
	}
	return out
}
