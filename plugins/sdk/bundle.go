package sdk

import (
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/protocol"
)

// Bundle is what one plugin brings: instrument classes and protocols, per role
// of the party that installs it. Classes and Protocols may be nil. They are
// called once per role and return values that many goroutines use at once. A
// protocol is asked about the bundle's own classes and about no others.
type Bundle struct {
	Name      string // small letters, digits and hyphens: "coupon"
	Version   string // "1.0.0"
	Classes   func(comm.Role) []instrument.Class
	Protocols func(comm.Role) []protocol.Protocol
}

// Describe is what a bundle says of itself when the host asks. First-party bundles are
// described in process, so that no plugin is started only to know them.
func Describe(b Bundle) api.Description {
	d := api.Description{Name: b.Name, Version: b.Version, API: api.Version}
	known := classesOf(b)
	for _, role := range api.Roles() {
		v := api.RoleView{Role: role}
		for _, c := range b.classes(role) {
			v.Classes = append(v.Classes, c.Info())
		}
		for _, p := range b.protocols(role) {
			v.Protocols = append(v.Protocols, describeProtocol(p, known))
		}
		if len(v.Classes) > 0 || len(v.Protocols) > 0 {
			d.Roles = append(d.Roles, v)
		}
	}
	return d
}

// describeProtocol tabulates a protocol's answers for the known classes; the
// empty class stands for what has no class, such as a negotiation.
func describeProtocol(p protocol.Protocol, known []instrument.ClassID) api.ProtocolView {
	v := api.ProtocolView{Info: p.Info()}
	for _, class := range known {
		if !p.CompatibleWith(class) {
			continue
		}
		c := api.Compatible{Class: class}
		for _, peer := range append([]comm.Role{""}, api.Roles()...) {
			if ops := p.Operations(class, peer); len(ops) > 0 {
				c.Offered = append(c.Offered, api.Offered{Peer: peer, Operations: ops})
			}
		}
		v.Compatible = append(v.Compatible, c)
	}
	return v
}

// classesOf lists the empty class and the bundle's own of any role, each once.
func classesOf(b Bundle) []instrument.ClassID {
	known := []instrument.ClassID{""}
	seen := map[instrument.ClassID]bool{"": true}
	for _, role := range api.Roles() {
		for _, c := range b.classes(role) {
			if id := c.Info().ID; !seen[id] {
				seen[id] = true
				known = append(known, id)
			}
		}
	}
	return known
}

func (b Bundle) classes(role comm.Role) []instrument.Class {
	if b.Classes == nil {
		return nil
	}
	return b.Classes(role)
}

func (b Bundle) protocols(role comm.Role) []protocol.Protocol {
	if b.Protocols == nil {
		return nil
	}
	return b.Protocols(role)
}
