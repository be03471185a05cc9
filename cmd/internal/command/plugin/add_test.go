package plugin

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/plugins/host"
	"github.com/swaperoo/swaperoo/protocol"
)

func description(name string, class instrument.ClassID, proto string) api.Description {
	return api.Description{Name: name, Version: "1.0.0", API: api.Version, Roles: []api.RoleView{{
		Role:    comm.Client,
		Classes: []instrument.Info{{ID: class, Title: "A class", Address: "url", Moves: []instrument.Move{{To: "new"}}}},
		Protocols: []api.ProtocolView{{Info: protocol.Info{ID: proto, Title: "A protocol"}, Compatible: []api.Compatible{{
			Class: class, Offered: []api.Offered{{Peer: comm.Vendor, Operations: []protocol.Operation{{Name: "PAY"}}}},
		}}}},
	}}}
}

// TestWhatWouldBreakThePartyIsNotAdded keeps a plugin out beside which the party
// could not be opened any more.
func TestWhatWouldBreakThePartyIsNotAdded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "beads")
	c := host.NewCatalog(filepath.Join(t.TempDir(), "plugins.lock"))
	if _, err := c.Add(path, host.Inspected{SHA256: strings.Repeat("0", 64), Description: description("beads", "beads", "beads.pay")}); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name   string
		d      api.Description
		reason fault.Reason
		advice string // ours cannot be removed
	}{
		{"something new", description("shells", "shells", "shells.pay"), "", ""},
		{"the name of ours", description("card", "shells", "shells.pay"), "plugin-twice", "comes with this program"},
		{"the name of another", description("beads", "shells", "shells.pay"), "plugin-twice", "remove"},
		{"a class of ours", description("shells", "payment-card", "shells.pay"), "plugin-overlaps", "comes with this program"},
		{"a protocol of ours", description("shells", "shells", "card.pay"), "plugin-overlaps", "comes with this program"},
		{"a class of the house itself", description("shells", "payment", "shells.pay"), "plugin-overlaps", "comes with this program"},
		{"a negotiation protocol of the house", description("shells", "shells", "pnp.intersect"), "plugin-overlaps", "comes with this program"},
		{"a class of another", description("shells", "beads", "shells.pay"), "plugin-overlaps", "remove"},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := fits(c, row.d)
			if fault.ReasonOf(err) != row.reason || err != nil && !strings.Contains(fault.From(err).Hint, row.advice) {
				t.Errorf("error = %v, advice %q", err, fault.From(err).Hint)
			}
		})
	}
}

func TestAPersonReadsWhatAPluginMay(t *testing.T) {
	text := describe(description("shells", "shells", "shells.pay"), "abc")
	for _, part := range []string{
		"shells 1.0.0", "SHA-256:   abc", "instruments of its own classes (shells)",
		"as a client, run PAY of shells.pay with shells", "requests to the addresses in instruments of shells", "your user",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in\n%s", part, text)
		}
	}
}

// Who adds a bundle that does nothing reads so before they wonder.
func TestAPersonReadsWhatAPluginCannotDo(t *testing.T) {
	const nothing, none = "It brings no class and no protocol", "No shells can ever come into being"
	stays := description("shells", "shells", "shells.pay")
	stays.Roles[0].Classes[0].Moves = []instrument.Move{{From: "new", To: "spent"}}
	elsewhere := description("shells", "shells", "shells.pay")
	elsewhere.Roles = append(elsewhere.Roles, api.RoleView{Role: comm.Vendor, Classes: stays.Roles[0].Classes})
	for _, row := range []struct {
		name string
		d    api.Description
		want string
	}{
		{"what does all", description("shells", "shells", "shells.pay"), ""},
		{"nothing", api.Description{Name: "shells", Version: "1.0.0", API: api.Version}, nothing},
		{"a role, and nothing in it", api.Description{Roles: []api.RoleView{{Role: comm.Client}}}, nothing},
		{"a class in which nothing begins", stays, none},
		{"a class in which something begins at another party", elsewhere, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			text := describe(row.d, "abc")
			for _, part := range []string{nothing, none} {
				if strings.Contains(text, part) != (part == row.want) {
					t.Errorf("wanted is %q in\n%s", row.want, text)
				}
			}
		})
	}
}
