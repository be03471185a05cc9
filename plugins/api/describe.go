package api

import (
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api/wire"
	"github.com/swaperoo/swaperoo/protocol"
)

// WriteDescription is the answer to Describe.
func WriteDescription(d Description) *wire.Description {
	return &wire.Description{
		Name: d.Name, Version: d.Version, Api: uint32(d.API),
		Roles: each(d.Roles, func(v RoleView) *wire.RoleView {
			return &wire.RoleView{
				Role:      string(v.Role),
				Classes:   each(v.Classes, writeClass),
				Protocols: each(v.Protocols, writeProtocol),
			}
		}),
	}
}

// ReadDescription is the reverse; the result still has to pass Check.
func ReadDescription(d *wire.Description) Description {
	return Description{
		Name: d.GetName(), Version: d.GetVersion(), API: int(d.GetApi()),
		Roles: each(d.GetRoles(), func(v *wire.RoleView) RoleView {
			return RoleView{
				Role:      comm.Role(v.GetRole()),
				Classes:   each(v.GetClasses(), readClass),
				Protocols: each(v.GetProtocols(), readProtocol),
			}
		}),
	}
}

func writeClass(c instrument.Info) *wire.ClassView {
	return &wire.ClassView{
		Id: string(c.ID), Title: c.Title, Keys: c.Keys, Shareable: c.Shareable, Checks: c.Checks, Address: c.Address, Outside: c.Outside,
		Peer: c.Peer, Currency: c.Currency,
		Fields: each(c.Fields, func(f instrument.Field) *wire.Field {
			return &wire.Field{Name: f.Name, Title: f.Title, Secret: f.Secret}
		}),
		Moves: each(c.Moves, func(m instrument.Move) *wire.Move { return &wire.Move{From: m.From, To: m.To} }),
	}
}

func readClass(c *wire.ClassView) instrument.Info {
	return instrument.Info{
		ID: instrument.ClassID(c.GetId()), Title: c.GetTitle(), Keys: c.GetKeys(),
		Shareable: c.GetShareable(), Checks: c.GetChecks(), Address: c.GetAddress(), Outside: c.GetOutside(),
		Peer: c.GetPeer(), Currency: c.GetCurrency(),
		Fields: each(c.GetFields(), func(f *wire.Field) instrument.Field {
			return instrument.Field{Name: f.GetName(), Title: f.GetTitle(), Secret: f.GetSecret()}
		}),
		Moves: each(c.GetMoves(), func(m *wire.Move) instrument.Move {
			return instrument.Move{From: m.GetFrom(), To: m.GetTo()}
		}),
	}
}

func writeProtocol(p ProtocolView) *wire.ProtocolView {
	return &wire.ProtocolView{
		Id: p.Info.ID, Title: p.Info.Title, Replay: uint32(p.Info.Replay), Joint: p.Info.Joint, Plain: p.Info.Plain,
		Compatible: each(p.Compatible, func(c Compatible) *wire.Compatible {
			return &wire.Compatible{
				Class: string(c.Class),
				Offered: each(c.Offered, func(o Offered) *wire.Offered {
					return &wire.Offered{Peer: string(o.Peer), Operations: each(o.Operations, writeOperation)}
				}),
			}
		}),
	}
}

func readProtocol(p *wire.ProtocolView) ProtocolView {
	return ProtocolView{
		Info: protocol.Info{ID: p.GetId(), Title: p.GetTitle(), Replay: int(p.GetReplay()), Joint: p.GetJoint(), Plain: p.GetPlain()},
		Compatible: each(p.GetCompatible(), func(c *wire.Compatible) Compatible {
			return Compatible{
				Class: instrument.ClassID(c.GetClass()),
				Offered: each(c.GetOffered(), func(o *wire.Offered) Offered {
					return Offered{Peer: comm.Role(o.GetPeer()), Operations: each(o.GetOperations(), readOperation)}
				}),
			}
		}),
	}
}

func writeOperation(o protocol.Operation) *wire.Operation {
	return &wire.Operation{Name: o.Name, ReadOnly: o.ReadOnly, Messages: o.Messages, Keyed: o.Keyed, Instruments: string(o.Instruments)}
}

func readOperation(o *wire.Operation) protocol.Operation {
	return protocol.Operation{
		Name: o.GetName(), ReadOnly: o.GetReadOnly(), Messages: o.GetMessages(), Keyed: o.GetKeyed(), Instruments: protocol.Wants(o.GetInstruments()),
	}
}

// each maps a list; an empty one stays nil, so that what was written reads back
// equal.
func each[A, B any](list []A, f func(A) B) []B {
	if len(list) == 0 {
		return nil
	}
	out := make([]B, len(list))
	for i, a := range list {
		out[i] = f(a)
	}
	return out
}
