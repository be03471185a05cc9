package house_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/plugins/host"
	"github.com/swaperoo/swaperoo/protocol"
)

// A class or protocol of ours may come with an update, after a plugin that has
// taken its name: the party opens without that plugin.
func TestAPluginThatHasANameOfOursIsLeftOut(t *testing.T) {
	f := made(t, "open sesame")
	catalog := host.NewCatalog(f.Plugins())
	for _, p := range []struct{ name, class, protocol string }{
		{"negotiator", "shells", "pnp.intersect"},
		{"payer", "payment", "payer.pay"},
		{"taker", "payment-card", "taker.pay"},
		{"first", "beads", "beads.pay"},
		{"second", "beads", "second.pay"},
	} {
		addTo(t, catalog, p.name, p.class, p.protocol)
	}
	h, err := house.Open(t.Context(), options(f, "open sesame"))
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close(t.Context())
	for id, want := range map[instrument.ClassID]bool{"beads": true, "shells": false} {
		if _, err := h.Instruments().Class(id); (err == nil) != want {
			t.Errorf("class %s: %v", id, err)
		}
	}
	if got := h.Protocols().Available("beads"); len(got) != 1 || got[0] != "beads.pay" {
		t.Errorf("protocols of beads: %v", got)
	}
}

func addTo(t *testing.T, c *host.Catalog, name, class, proto string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(name), 0o700); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(name))
	d := api.Description{Name: name, Version: "1.0.0", API: api.Version, Roles: []api.RoleView{{
		Role:    comm.Client,
		Classes: []instrument.Info{{ID: instrument.ClassID(class), Title: "A class", Moves: []instrument.Move{{To: "new"}}}},
		Protocols: []api.ProtocolView{{Info: protocol.Info{ID: proto, Title: "A protocol"}, Compatible: []api.Compatible{{
			Class: instrument.ClassID(class), Offered: []api.Offered{{Peer: comm.Vendor, Operations: []protocol.Operation{{Name: "PAY"}}}},
		}}}},
	}}}
	if _, err := c.Add(path, host.Inspected{SHA256: hex.EncodeToString(sum[:]), Description: d}); err != nil {
		t.Fatal(err)
	}
}
