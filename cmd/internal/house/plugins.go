package house

import (
	"runtime"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/till"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/plugins/bundled"
	"github.com/swaperoo/swaperoo/plugins/host"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/pnp"
)

// load makes the bundles known to the plugin host and starts none of them. Ours run behind
// the same door as those of strangers: this binary starts itself. Their descriptions are
// known in process; a stranger's is in the catalog, with the sum of the binary that gave it.
func (h *House) load(o Options) ([]protocol.Bundle, error) {
	var err error
	h.Catalog = host.NewCatalog(o.Plugins())
	h.Host, err = host.New(host.Options{Dir: o.Run(), Log: o.Log, Clock: time.Now, Quarantine: h.Catalog, Processors: processors(o.Role, runtime.GOMAXPROCS(0))})
	if err != nil {
		return nil, err
	}
	bundles := own(o.Role)
	there := Described()
	for n, b := range bundled.All() {
		d := there[n]
		loaded, err := h.Host.Load(host.Source{Args: []string{"plugin", "serve", b.Name}, Description: &d})
		if err != nil {
			return nil, err
		}
		bundles = append(bundles, view(loaded, o))
	}
	strangers, err := h.strangers(o, there)
	return append(bundles, strangers...), err
}

// strangers are the plugins of the catalog. If one of them cannot be loaded, what it brings
// is missing and the party works without it. there are our own bundles.
func (h *House) strangers(o Options, there []api.Description) (bundles []protocol.Bundle, err error) {
	listed, err := h.Catalog.List()
	if err != nil {
		return nil, err
	}
	h.absent = map[instrument.ClassID]error{}
	for _, l := range listed {
		if l.State != host.Ready {
			o.Log.Warn("a plugin is left out", "plugin", l.Name, "state", l.State, "remedy", l.Remedy)
			for _, c := range l.Description.View(o.Role).Classes { // its remedy names a path, and a peer may read this
				h.absent[c.ID] = fault.From(l.Unready()).WithHint("`plugin list` says what to do about it")
			}
			continue
		}
		loaded, err := h.Host.Load(l.Source())
		if err != nil {
			o.Log.Warn("a plugin is left out", "plugin", l.Name, "error", err)
			continue
		}
		if err := l.Description.Useful(); err != nil { // added before that was looked at
			o.Log.Warn("a plugin brings what cannot be used", "plugin", l.Name, "error", err)
		}
		if err := Fits(there, l.Description, o.Role); err != nil { // one of ours came later, with an update
			o.Log.Warn("a plugin is left out", "plugin", l.Name, "error", err)
			continue
		}
		there = append(there, l.Description)
		bundles = append(bundles, view(loaded, o))
	}
	return bundles, nil
}

// processors is on how many of the machine's processors each plugin computes. At a server several
// plugins work beside its own process, each for a small part of the time, and threads that they do not
// need would keep those of the server waiting. A wallet has one plugin at work at a time, which
// computes the blind signatures of many coins.
func processors(role comm.Role, have int) int {
	if role == comm.Client {
		return 0
	}
	return max(1, have/4)
}

// own are the bundles that run in this process.
func own(role comm.Role) []protocol.Bundle {
	bundles := []protocol.Bundle{{Name: "pnp", Protocols: []protocol.Protocol{pnp.Intersect{}, pnp.UPP{}}}}
	switch role {
	case comm.Client:
		bundles = append(bundles, client.Payments())
	case comm.Vendor:
		bundles = append(bundles, vendor.Payments(), till.Records())
	}
	return bundles
}

func view(b *host.Bundle, o Options) protocol.Bundle {
	return protocol.Bundle{Name: b.Name(), Classes: b.Classes(o.Role), Protocols: b.Protocols(o.Role)}
}
