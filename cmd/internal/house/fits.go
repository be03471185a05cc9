package house

import (
	"slices"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/plugins/bundled"
	"github.com/swaperoo/swaperoo/plugins/host"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

// Described are all bundles of the house: those that come with it as plugins and, as the
// last one, all that runs in this process.
func Described() []api.Description {
	var all []api.Description
	for _, b := range bundled.All() {
		all = append(all, sdk.Describe(b))
	}
	return append(all, sdk.Describe(sdk.Bundle{
		Name: houseName, Version: "1.0.0",
		Classes: func(r comm.Role) (classes []instrument.Class) {
			for _, b := range own(r) {
				classes = append(classes, b.Classes...)
			}
			return classes
		},
		Protocols: func(r comm.Role) (protocols []protocol.Protocol) {
			for _, b := range own(r) {
				protocols = append(protocols, b.Protocols...)
			}
			return protocols
		},
	}))
}

// Fits refuses a bundle beside which a party of these roles could not be opened: its
// name, or a class or protocol of it, is there already.
func Fits(there []api.Description, d api.Description, roles ...comm.Role) error {
	for _, other := range there {
		if other.Name == d.Name {
			return beside(other, fault.New(fault.Conflict, "there is a plugin of the name %s already", d.Name).Because("plugin-twice"),
				"if this is a newer one: swaperoo plugin remove "+d.Name+", then add it")
		}
		for _, role := range roles {
			if what := shared(other.View(role), d.View(role)); what != "" {
				return beside(other, fault.New(fault.Conflict, "%s brings %s, which %s has brought already", d.Name, what, other.Name).Because("plugin-overlaps"),
					"remove one of the two")
			}
		}
	}
	return nil
}

// beside gives the advice for two bundles that do not go together. One of the house is not
// removed by anybody.
func beside(other api.Description, f *fault.Fault, advice string) *fault.Fault {
	ours := other.Name == houseName || slices.ContainsFunc(bundled.All(), func(b sdk.Bundle) bool { return b.Name == other.Name })
	if ours {
		advice = other.Name + " comes with this program and stays: tell the author to begin names with one of theirs"
	}
	return f.WithHint("%s", advice)
}

// houseName is the name of the bundle of all that runs in this process.
const houseName = "swaperoo"

// Overlaps marks the plugins of a list that are left out, because a party could not be
// opened beside them: one of ours came later, with an update.
func Overlaps(listed []host.Listed) []host.Listed {
	there := Described()
	for n, l := range listed {
		if l.State != host.Ready {
			continue
		}
		if err := Fits(there, l.Description, api.Roles()...); err != nil {
			listed[n].State, listed[n].Remedy = host.Overlapping, fault.From(err).Message+": swaperoo plugin remove "+l.Name
			continue
		}
		there = append(there, l.Description)
	}
	return listed
}

// shared names a class or protocol that both views have.
func shared(a, b api.RoleView) string {
	for _, x := range a.Classes {
		for _, y := range b.Classes {
			if x.ID == y.ID {
				return "the class " + string(x.ID)
			}
		}
	}
	for _, x := range a.Protocols {
		for _, y := range b.Protocols {
			if x.Info.ID == y.Info.ID {
				return "the protocol " + x.Info.ID
			}
		}
	}
	return ""
}
