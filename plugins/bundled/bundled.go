// Package bundled lists the bundles that ship with the binary. It is the only
// place that names them; they take the same door as everybody else's.
package bundled

import (
	"github.com/swaperoo/swaperoo/plugins/card"
	"github.com/swaperoo/swaperoo/plugins/prepaid"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/plugins/taler"
)

// All is every first-party bundle, by name.
func All() []sdk.Bundle { return []sdk.Bundle{card.Bundle(), prepaid.Bundle(), taler.Bundle()} }
