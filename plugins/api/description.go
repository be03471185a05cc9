package api

import (
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Description is what a bundle says of itself: everything about its classes
// and protocols that is constant, so that nothing has to be started to know it.
type Description struct {
	Name    string     `json:"name"`    // "coupon"
	Version string     `json:"version"` // of the bundle
	API     int        `json:"api"`     // of the wire
	Roles   []RoleView `json:"roles"`
}

// RoleView is what a bundle installs in a party of one role.
type RoleView struct {
	Role      comm.Role         `json:"role"`
	Classes   []instrument.Info `json:"classes,omitempty"`
	Protocols []ProtocolView    `json:"protocols,omitempty"`
}

// ProtocolView is one protocol with all that it answers to compatible-With and
// to get-Available-Operations.
type ProtocolView struct {
	Info       protocol.Info `json:"info"`
	Compatible []Compatible  `json:"compatible,omitempty"`
}

// Compatible lists what a protocol does with one class.
type Compatible struct {
	Class   instrument.ClassID `json:"class"`
	Offered []Offered          `json:"offered,omitempty"`
}

// Offered lists the operations while connected to a peer of a role; the empty
// role stands for what needs no peer.
type Offered struct {
	Peer       comm.Role            `json:"peer,omitempty"`
	Operations []protocol.Operation `json:"operations"`
}

// View is what the bundle installs in a party of that role; empty if nothing.
func (d Description) View(role comm.Role) RoleView {
	for _, v := range d.Roles {
		if v.Role == role {
			return v
		}
	}
	return RoleView{Role: role}
}

// Roles of a party, in the order in which a description lists them.
func Roles() []comm.Role { return []comm.Role{comm.Client, comm.Vendor, comm.Bank} }
