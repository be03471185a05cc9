package controller

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// InstrumentClasses finds the classes that both peers have, with the vendor's offer for each:
// instrument class negotiation (paper §5.2). It is fault.Unsupported, no-common-class, if there are
// none, and fault.Denied if an offer is not signed by the peer or was made for another session.
func (s *Session) InstrumentClasses(ctx context.Context, inv instrument.Invoice) ([]Offered, error) {
	var remote comm.Offered
	var over comm.Conn
	err := withPeer(ctx, s, s.live, func(conn patient) (err error) {
		over = conn.Conn
		if s.c.protocols.Joint() {
			remote, err = s.jointly(ctx, conn, inv)
			return err
		}
		return conn.Call(ctx, comm.MethodClasses, comm.Classes{Invoice: inv}, &remote)
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offers, s.offering = map[instrument.ClassID]Offered{}, over
	var out []Offered
	for _, o := range remote.Offers {
		offered, err := s.read(o)
		if err != nil {
			return nil, err
		}
		offered.came = s.c.parts.Clock()
		if _, twice := s.offers[offered.Class]; twice { // which one did the person see, and which one is paid?
			clear(s.offers)
			return nil, fault.New(fault.Denied, "%s offers to take %s twice", s.peer.Name, offered.Class).Because("class-offered-twice").WithHint("ask the vendor")
		}
		if _, err := s.c.instruments.Class(offered.Class); err == nil {
			s.offers[offered.Class] = offered
			out = append(out, offered)
		}
	}
	if len(out) == 0 {
		return nil, fault.New(fault.Unsupported, "%s takes none of the instrument classes that are installed here", s.peer.Name).Because("no-common-class")
	}
	return out, nil
}

// read checks an offer of the peer. Without a key of the peer its signature cannot be checked.
func (s *Session) read(o comm.Offer) (Offered, error) {
	if s.peer.Key == "" { // REST, or an unencrypted connection
		body, err := OfferBody(o)
		return Offered{Class: body.Class, Offer: o, Body: body}, err
	}
	body, err := readOffer(o, s.peer.Key, &s.transcript)
	if err == nil && body.Payer != "" { // an older vendor does not name the payer; its transcript holds our key
		err = madeTo(body, s.c.towards(s.peer.Key).KeyText())
	}
	return Offered{Class: body.Class, Offer: o, Body: body, Signed: true}, err
}

// NegotiateProtocol finds the protocols that both peers have for a class that was offered (paper
// §5.3): at least one, or it is fault.Unsupported, no-common-protocol.
func (s *Session) NegotiateProtocol(ctx context.Context, class instrument.ClassID) ([]string, error) {
	if err := s.wasOffered(class); err != nil {
		return nil, err
	}
	names, err := s.negotiate(ctx, class)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fault.New(fault.Unsupported, "no protocol for %s is installed on both sides", class).Because("no-common-protocol").
			WithHint("here is %s, and %s has none of it: another version of the plugin, here or there, may bring one that both have", cmp.Or(strings.Join(s.c.protocols.Available(class), ", "), "nothing for it"), cmp.Or(s.Peer().Name, "the peer"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.common[class] = names
	return slices.Clone(names), nil
}

// negotiate is NegotiateProtocol with the peer, unless the result is here: from a joint negotiation
// with the classes, or from an earlier session.
func (s *Session) negotiate(ctx context.Context, class instrument.ClassID) ([]string, error) {
	if s.c.protocols.Joint() {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.common[class], nil
	}
	known := s.negotiable(class)
	if names := s.c.remembered.protocols(known); names != nil {
		return names, nil
	}
	var names []string
	err := withPeer(ctx, s, s.connFor(class), func(conn comm.Conn) (err error) {
		names, err = s.c.protocols.NegotiateProtocol(ctx, class, conn)
		return err
	})
	if err == nil {
		s.c.remembered.learn(known, func(a *agreed) { a.protocols = slices.Clone(names) })
	}
	return names, err
}

// Negotiated are the protocols that both peers have for a class; nil if they were not
// negotiated yet.
func (s *Session) Negotiated(class instrument.ClassID) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.common[class])
}

// SelectProtocol fixes the protocol for a class (§5.4): the only one that both
// have, or the one that the class prefers under the circumstances.
func (s *Session) SelectProtocol(ctx context.Context, class instrument.ClassID, preferences []string) (string, error) {
	s.mu.Lock()
	names := s.common[class]
	price := s.offers[class].Body.Terms.Price
	s.mu.Unlock()
	if len(names) == 0 {
		if err := s.takes(class); err != nil {
			return "", err
		}
		return "", fault.New(fault.Conflict, "no protocol was negotiated for %s yet", class).Because("out-of-order").
			WithHint("negotiate the protocols for %s first, then select", class)
	}
	chosen := names[0]
	if len(names) > 1 {
		c, err := s.c.instruments.Class(class)
		if err != nil {
			return "", err
		}
		chosen, err = c.Prefer(names, instrument.Circumstances{
			Device: s.c.parts.Device, Connectivity: s.scheme(), Amount: price, Preferences: preferences,
		})
		if err != nil {
			return "", err
		}
		if !slices.Contains(names, chosen) {
			return "", fault.New(fault.Internal, "the class %s prefers %q, which was not negotiated", class, chosen).Because("preference-unknown")
		}
	}
	return chosen, s.selects(ctx, class, chosen)
}

// selects tells the peer which protocol is used for a class from now on.
func (s *Session) selects(ctx context.Context, class instrument.ClassID, chosen string) error {
	err := withPeer(ctx, s, s.connFor(class), func(conn comm.Conn) error {
		return conn.Call(ctx, comm.MethodSelect, comm.Select{Class: string(class), Protocol: chosen}, nil)
	})
	if err != nil {
		s.c.remembered.forget(s.negotiable(class))
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.unselected, class)
	s.selected[class] = selection{chosen, nil}
	if o := s.offers[class]; o.native() {
		s.selected[class] = selection{chosen, &o.Offer}
	}
	return nil
}

// Negotiate goes through the steps from class negotiation to selection for one class,
// for an application that hides them from its user (§5.5).
func (s *Session) Negotiate(ctx context.Context, class instrument.ClassID, inv instrument.Invoice) (Offered, error) {
	if _, err := s.InstrumentClasses(ctx, inv); err != nil {
		return Offered{}, err
	}
	if err := s.wasOffered(class); err != nil {
		return Offered{}, err
	}
	if _, err := s.NegotiateProtocol(ctx, class); err != nil {
		return Offered{}, err
	}
	if _, err := s.SelectProtocol(ctx, class, nil); err != nil {
		return Offered{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.offers[class], nil
}

func (s *Session) wasOffered(class instrument.ClassID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.offers[class]; !ok {
		f := fault.New(fault.Unsupported, "%s did not offer to take %s", s.peer.Name, class).Because("class-not-offered")
		if len(s.offers) > 0 {
			return f.WithHint("for what was asked last it takes %s", s.listed())
		}
		return f.WithHint("ask which classes it takes for what you buy, then choose one of them")
	}
	return nil
}

// takes refuses a class that leads nowhere, however far the session is: one that is not installed
// here, and one that the peer's last offers do not have. Before there are offers, nobody knows.
func (s *Session) takes(class instrument.ClassID) error {
	_, err := s.c.instruments.Class(class)
	s.mu.Lock()
	asked, listed := len(s.offers) > 0, s.listed()
	s.mu.Unlock()
	if err == nil && asked {
		return s.wasOffered(class)
	}
	if f := fault.From(err); f != nil && asked {
		return f.WithHint("for what was asked last %s takes %s", s.Peer().Name, listed)
	}
	return err
}

// listed are the classes of the last offers. Its caller holds mu.
func (s *Session) listed() string {
	var all []string
	for class := range s.offers {
		all = append(all, string(class))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func (s *Session) scheme() string { return s.address().Scheme }

// address is where the peer was dialled; the zero Address if that cannot be read.
func (s *Session) address() comm.Address {
	addresses := s.Peer().Addresses
	if len(addresses) == 0 {
		return comm.Address{}
	}
	a, err := comm.ParseAddress(addresses[0])
	if err != nil {
		return comm.Address{}
	}
	return a
}
