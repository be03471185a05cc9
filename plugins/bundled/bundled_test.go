package bundled_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/bundled"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// No two bundles may bring the same class or protocol, or a party could not
// install both.
func TestBundlesFitTogether(t *testing.T) {
	for _, role := range []comm.Role{comm.Client, comm.Vendor, comm.Bank} {
		t.Run(string(role), func(t *testing.T) {
			seen := map[string]string{}
			for _, b := range bundled.All() {
				for _, c := range b.Classes(role) {
					claim(t, seen, "class "+string(c.Info().ID), b.Name)
				}
				for _, p := range b.Protocols(role) {
					claim(t, seen, "protocol "+p.Info().ID, b.Name)
				}
			}
		})
	}
}

func claim(t *testing.T, seen map[string]string, what, bundle string) {
	t.Helper()
	if other, twice := seen[what]; twice {
		t.Errorf("%s is in %s and in %s", what, other, bundle)
	}
	seen[what] = bundle
}

func TestBundlesHaveDistinctNamesAndCanBeDescribed(t *testing.T) {
	seen := map[string]string{}
	for _, b := range bundled.All() {
		claim(t, seen, b.Name, b.Name)
		if b.Version == "" {
			t.Errorf("%s has no version", b.Name)
		}
		if d := sdk.Describe(b); len(d.Roles) < 2 {
			t.Errorf("%s is of use to %d roles", b.Name, len(d.Roles))
		}
	}
}

func TestProtocolsKeepTheRules(t *testing.T) {
	for _, b := range bundled.All() {
		for _, role := range []comm.Role{comm.Client, comm.Vendor, comm.Bank} {
			for _, p := range b.Protocols(role) {
				var classes []instrument.ClassID
				for _, c := range b.Classes(role) {
					if id := c.Info().ID; p.CompatibleWith(id) {
						classes = append(classes, id)
					}
				}
				t.Run(string(role)+"/"+p.Info().ID, func(t *testing.T) { protocoltest.TestProtocol(t, p, classes...) })
			}
		}
	}
}

// A protocol is asked for what it does with a class only if it says that it is for that class.
func TestProtocolsAreForTheClassesThatTheyDealWith(t *testing.T) {
	for _, b := range bundled.All() {
		for _, role := range []comm.Role{comm.Client, comm.Vendor, comm.Bank} {
			for _, p := range b.Protocols(role) {
				for _, c := range b.Classes(role) {
					id := c.Info().ID
					for _, peer := range []comm.Role{comm.Client, comm.Vendor, comm.Bank, ""} {
						if all := p.Operations(id, peer); len(all) > 0 && !p.CompatibleWith(id) {
							t.Errorf("a %s's %s has %s for %s with %q, and is not compatible with it", role, p.Info().ID, all[0].Name, id, peer)
						}
					}
				}
			}
		}
	}
}

// Every move leads on from a status that can be reached, so that no line of a
// table is dead.
func TestTablesOfMovesAreConnected(t *testing.T) {
	for _, b := range bundled.All() {
		for _, role := range []comm.Role{comm.Client, comm.Vendor, comm.Bank} {
			for _, c := range b.Classes(role) {
				info := c.Info()
				t.Run(string(role)+"/"+string(info.ID), func(t *testing.T) {
					reached := map[string]bool{"": true}
					for range info.Moves {
						for _, m := range info.Moves {
							reached[m.To] = reached[m.To] || reached[m.From]
						}
					}
					twice := map[instrument.Move]bool{}
					for _, m := range info.Moves {
						if !reached[m.From] || twice[m] {
							t.Errorf("the move %q to %q is dead or listed twice", m.From, m.To)
						}
						twice[m] = true
					}
				})
			}
		}
	}
}
