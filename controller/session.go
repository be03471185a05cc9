package controller

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// Session is the initiator's side of a session (paper §2.6): what was negotiated
// with one peer. It survives the loss of its connection: the next request dials
// again and selects again what was selected. Safe for concurrent use.
type Session struct {
	c          *Controller
	peer       comm.Peer // as dialled; its key as proved
	login      Login
	mu         sync.Mutex // never held while the peer is asked
	conn       comm.Conn
	dialling   *dialling // if somebody does
	transcript transcript
	offers     map[instrument.ClassID]Offered
	common     map[instrument.ClassID][]string
	offering   comm.Conn // over which the offers were made
	selected   map[instrument.ClassID]selection
	counter    uint64
	closed     bool
}

// selection is a protocol that was selected for a class, and the vendor's offer
// for the class if that is signed.
type selection struct {
	protocol string
	offer    *comm.Offer
}

// Login is what an initiator with an account shows at session start, inside TLS.
type Login struct{ Name, Token string }

// Offered is one class that both peers know, with the vendor's terms for it.
type Offered struct {
	Class  instrument.ClassID
	Offer  comm.Offer
	Body   instrument.OfferBody // zero if the peer speaks REST and signs nothing
	Signed bool
}

// InitiateSession opens a session with a peer (§5.1).
func (c *Controller) InitiateSession(ctx context.Context, p comm.Peer, l Login) (*Session, error) {
	s := c.newSession(p, l)
	_, err := s.connect(ctx)
	return s, err
}

func (c *Controller) newSession(p comm.Peer, l Login) *Session {
	return &Session{
		c: c, peer: p, login: l,
		offers: map[instrument.ClassID]Offered{}, common: map[instrument.ClassID][]string{}, selected: map[instrument.ClassID]selection{},
	}
}

// Peer is the other side as it proved to be.
func (s *Session) Peer() comm.Peer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peer
}

// live is a connection of an open session for its next step.
func (s *Session) live(ctx context.Context) (patient, error) {
	if s.over() {
		return patient{}, closed()
	}
	conn, err := s.connected(ctx)
	if err != nil && s.over() {
		return patient{}, closed()
	}
	return patient{conn, s.c.parts.Patience}, err
}

func (s *Session) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// listener takes what the servicer says on its own: messages of operations.
type listener struct {
	s    *Session
	over bool // guarded by the session's mu
}

func (l *listener) Request(context.Context, comm.Conn, string, json.RawMessage) (any, error) {
	return nil, fault.New(fault.Denied, "a wallet takes no requests: it is client-driven").Because("client-driven")
}

func (l *listener) Notification(_ context.Context, c comm.Conn, method string, params json.RawMessage) {
	var said comm.Said
	if method == comm.MethodMessage && json.Unmarshal(params, &said) == nil {
		l.s.c.protocols.Hear(c.Peer(), said)
	}
}

func (l *listener) Closed(c comm.Conn) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	l.over = true
	if l.s.conn == c {
		l.s.conn = nil
	}
}

// InstrumentClasses finds the classes that both peers know and the vendor's
// terms for each: instrument class negotiation (§5.2).
func (s *Session) InstrumentClasses(ctx context.Context, inv instrument.Invoice) ([]Offered, error) {
	conn, err := s.live(ctx)
	if err != nil {
		return nil, err
	}
	var remote comm.Offered
	if s.c.protocols.Joint() {
		remote, err = s.jointly(ctx, conn, inv)
	} else {
		err = conn.Call(ctx, comm.MethodClasses, comm.Classes{Invoice: inv}, &remote)
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offers, s.offering = map[instrument.ClassID]Offered{}, conn.Conn
	var out []Offered
	for _, o := range remote.Offers {
		offered, err := s.read(o)
		if err != nil {
			return nil, err
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

func (s *Session) read(o comm.Offer) (Offered, error) {
	if s.peer.Key == "" { // REST: nobody signs
		var body instrument.OfferBody
		err := json.Unmarshal(o.Body, &body)
		if err != nil {
			return Offered{}, fault.Wrap(err, fault.Invalid, "the offer cannot be read").Because("message-malformed")
		}
		return Offered{Class: body.Class, Offer: o, Body: body}, nil
	}
	body, err := readOffer(o, s.peer.Key, &s.transcript)
	return Offered{Class: body.Class, Offer: o, Body: body, Signed: true}, err
}

// NegotiateProtocol finds the protocols that both peers have for a class that
// was offered (§5.3).
func (s *Session) NegotiateProtocol(ctx context.Context, class instrument.ClassID) ([]string, error) {
	if err := s.wasOffered(class); err != nil {
		return nil, err
	}
	names, err := s.negotiate(ctx, class)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fault.New(fault.Unsupported, "no protocol for %s is installed on both sides", class).Because("no-common-protocol")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.common[class] = names
	return slices.Clone(names), nil
}

// negotiate asks the peer, unless that was done together with the classes.
func (s *Session) negotiate(ctx context.Context, class instrument.ClassID) ([]string, error) {
	if s.c.protocols.Joint() {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.common[class], nil
	}
	conn, err := s.about(ctx, class)
	if err != nil {
		return nil, err
	}
	return s.c.protocols.NegotiateProtocol(ctx, class, conn)
}

// SelectProtocol fixes the protocol for a class (§5.4): the only one that both
// have, or the one that the class prefers under the circumstances.
func (s *Session) SelectProtocol(ctx context.Context, class instrument.ClassID, preferences []string) (string, error) {
	s.mu.Lock()
	names := s.common[class]
	price := s.offers[class].Body.Terms.Price
	s.mu.Unlock()
	if len(names) == 0 {
		return "", fault.New(fault.Conflict, "no protocol was negotiated for %s yet", class).Because("out-of-order")
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
	conn, err := s.about(ctx, class)
	if err != nil {
		return err
	}
	if err := conn.Call(ctx, comm.MethodSelect, comm.Select{Class: string(class), Protocol: chosen}, nil); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.selected[class] = selection{chosen, nil}
	if o := s.offers[class]; o.Signed {
		s.selected[class] = selection{chosen, &o.Offer}
	}
	return nil
}

// Negotiate goes through the steps from class negotiation to selection for one
// class, as an application does that hides them from its user (§5.5).
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
		return fault.New(fault.Unsupported, "%s did not offer to take %s", s.peer.Name, class).Because("class-not-offered")
	}
	return nil
}

func (s *Session) scheme() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.peer.Addresses) == 0 {
		return ""
	}
	a, err := comm.ParseAddress(s.peer.Addresses[0])
	if err != nil {
		return ""
	}
	return a.Scheme
}

// AvailableOperations lists what the selected protocol can do with a class: what
// it has here for a peer of that role and there for one of ours (§5.4).
func (s *Session) AvailableOperations(ctx context.Context, class instrument.ClassID) ([]protocol.Operation, error) {
	protocolID, err := s.protocolOf(class)
	if err != nil {
		return nil, err
	}
	conn, err := s.live(ctx)
	if err != nil {
		return nil, err
	}
	var there comm.Available
	if err := conn.Call(ctx, comm.MethodOperations, comm.Select{Class: string(class), Protocol: protocolID}, &there); err != nil {
		return nil, err
	}
	here, err := s.c.protocols.Operations(protocolID, class, s.Peer().Role)
	if err != nil {
		return nil, err
	}
	var both []protocol.Operation
	for _, o := range here {
		if slices.Contains(there.Names, o.Name) {
			both = append(both, o)
		}
	}
	return both, nil
}

// Instruments lists the instruments of a class that the principal may use (§5.5).
func (s *Session) Instruments(ctx context.Context, p profile.Principal, class instrument.ClassID) ([]instrument.Instance, error) {
	return s.c.Usable(ctx, p, instrument.Filter{Class: class})
}

func (s *Session) protocolOf(class instrument.ClassID) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return "", closed()
	}
	chosen, ok := s.selected[class]
	if !ok {
		return "", fault.New(fault.Conflict, "no protocol was selected for %s yet", class).Because("out-of-order")
	}
	return chosen.protocol, nil
}

// Close ends the session (§5.6): it takes no further step. An operation whose
// outcome is still open dials again for its answer, and hangs up when it has it.
func (s *Session) Close(ctx context.Context) error {
	s.mu.Lock()
	conn := s.conn
	s.conn, s.closed = nil, true
	if s.dialling != nil {
		s.dialling.cancel()
	}
	s.mu.Unlock()
	if conn == nil {
		return nil
	}
	_ = conn.Notify(ctx, comm.MethodClose, struct{}{}) // closing says the same
	return conn.Close()
}

func closed() error {
	return fault.New(fault.Conflict, "this session was closed").Because("session-closed")
}
