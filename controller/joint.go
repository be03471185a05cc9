package controller

import (
	"context"
	"slices"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// jointly gets offers and negotiates protocols in one exchange, where the PNP of the session does
// both (paper §6, JEPI). The protocols of each class are kept for NegotiateProtocol, which then
// has no need of the peer.
func (s *Session) jointly(ctx context.Context, conn comm.Conn, inv instrument.Invoice) (comm.Offered, error) {
	wanted := s.c.liked(instrument.Circumstances{Device: s.c.parts.Device, Connectivity: s.scheme()})
	pairs, offers, err := s.c.protocols.NegotiateJointly(ctx, inv, wanted, conn)
	if err != nil {
		return comm.Offered{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.common = map[instrument.ClassID][]string{}
	for _, p := range pairs {
		s.common[p.Class] = append(s.common[p.Class], p.Protocol)
	}
	return comm.Offered{Offers: offers}, nil
}

// liked are our classes with their protocols, the one that each class prefers first. A class may be
// unable to say now, because it needs the price or its plugin is down. Its protocols stay in order
// then, and it has its say when a protocol is selected.
func (c *Controller) liked(about instrument.Circumstances) []protocol.Pair {
	var out []protocol.Pair
	for _, info := range c.instruments.Classes() {
		names := c.protocols.Available(info.ID)
		if at := slices.Index(names, c.preferred(info.ID, names, about)); at > 0 {
			names = append([]string{names[at]}, slices.Delete(slices.Clone(names), at, at+1)...)
		}
		for _, id := range names {
			out = append(out, protocol.Pair{Class: info.ID, Protocol: id})
		}
	}
	return out
}

// preferred is the protocol that a class prefers; empty if there is no choice or it says none.
func (c *Controller) preferred(id instrument.ClassID, names []string, about instrument.Circumstances) string {
	class, err := c.instruments.Class(id)
	if err != nil || len(names) < 2 {
		return ""
	}
	first, err := class.Prefer(names, about)
	if err != nil {
		c.parts.Log.Debug("a class has not said which protocol it prefers", "class", id, "error", err.Error())
		return ""
	}
	return first
}

// joint is the answer to a joint negotiation: the pairs that both have, and our offers.
type joint struct {
	protocol.Negotiated
	comm.Offered
}

// jointly is the servicer's side of Session.jointly.
func (s *service) jointly(ctx context.Context, conn comm.Conn, asked comm.Protocols) (joint, error) {
	offered, err := s.classes(ctx, conn, comm.Classes{Invoice: asked.Invoice})
	if err != nil {
		return joint{}, err
	}
	var classes []instrument.ClassID
	for _, o := range offered.Offers {
		body, err := OfferBody(o)
		if err != nil {
			return joint{}, err
		}
		classes = append(classes, body.Class)
	}
	both, err := s.c.protocols.AnswerJointly(ctx, conn.Peer(), asked, classes)
	if err == nil {
		err = s.intercept(ctx, comm.MethodProtocols, asked, &both)
	}
	return joint{both, offered}, err
}
