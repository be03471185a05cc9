package controller

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// Session is the initiator's side of a session (paper §2.6): what was negotiated with one peer. It
// survives the loss of its connection: the next request dials again and repeats the selections. It
// is safe for concurrent use.
type Session struct {
	c       *Controller
	login   Login
	resumes bool // it is for operations that were begun before

	mu         sync.Mutex       // guards all that follows; never held during a request to the peer
	peer       comm.Peer        // as dialled, with the key that it proved
	self       *crypto.Identity // ours towards this peer; deriving it costs as much as a signature
	conn       comm.Conn
	dialling   *dialling // nil while nobody dials
	transcript transcript
	version    string                          // the peer's protocol.Manager.Version, as it said last
	offers     map[instrument.ClassID]Offered  // the peer's, for the last invoice
	offering   comm.Conn                       // over which they were made
	common     map[instrument.ClassID][]string // the protocols that both have
	selected   map[instrument.ClassID]selection
	unselected map[instrument.ClassID]error // selected, but refused over the present connection
	counter    uint64                       // of payments
	closed     bool
}

// selection is a protocol that was selected for a class, with the vendor's offer for
// the class if it is signed.
type selection struct {
	protocol string
	offer    *comm.Offer
}

// Login is what an initiator with an account shows at session start, inside TLS.
type Login struct {
	Name  string
	Token string `json:"-"`
}

// String is the name alone.
func (l Login) String() string { return l.Name }

// Format hides the token from every verb.
func (l Login) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, l.Name) }

// LogValue hides the token from logs.
func (l Login) LogValue() slog.Value { return slog.StringValue(l.Name) }

// Offered is one class that both peers know, with the vendor's terms for it.
type Offered struct {
	Class  instrument.ClassID
	Offer  comm.Offer
	Body   instrument.OfferBody
	Signed bool // by the peer's key; false over REST and unencrypted connections

	came time.Time // by our clock
}

// native reports whether the offer was made in a native session and not over REST. Such an offer can
// be shown again.
func (o Offered) native() bool { return o.Signed || len(o.Body.Transcript) > 0 }

// InitiateSession opens a session with a peer (§5.1).
func (c *Controller) InitiateSession(ctx context.Context, p comm.Peer, l Login) (*Session, error) {
	return c.initiate(ctx, c.newSession(p, l))
}

// ResumeSession is InitiateSession for operations that were begun with a peer before. The peer may
// have moved since, so all its known addresses are tried.
func (c *Controller) ResumeSession(ctx context.Context, p comm.Peer, l Login) (*Session, error) {
	s := c.newSession(p, l)
	s.resumes = true
	return c.initiate(ctx, s)
}

func (c *Controller) initiate(ctx context.Context, s *Session) (*Session, error) {
	p := s.Peer()
	if _, err := s.connect(ctx); err != nil {
		return s, err
	}
	if p.Name != "" && p.Role == "" {
		c.learnRole(ctx, p.Name, s.Peer())
	}
	c.awaitMoved(ctx, s.Peer())
	return s, nil
}

// learnRole notes the role of a peer that was put into the book by its key alone. Nobody has proved
// the role, so it is only shown to people.
func (c *Controller) learnRole(ctx context.Context, name string, met comm.Peer) {
	known, err := c.Book().PeerNamed(ctx, name)
	if err != nil || known.Key != met.Key || known.Role != "" {
		return // added in another way meanwhile, or removed
	}
	known.Role = met.Role
	if err := c.Book().PutPeer(ctx, known); err != nil {
		c.Log().Warn("what a peer is could not be kept", "peer", name, "error", err)
	}
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

// live is the connection for the next step of an open session.
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

// listener is the handler of an initiator's connection: it takes messages of operations.
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

// AvailableOperations lists the operations of the selected protocol with a class that both sides
// have (paper §5.4).
func (s *Session) AvailableOperations(ctx context.Context, class instrument.ClassID) ([]protocol.Operation, error) {
	protocolID, err := s.protocolOf(class)
	if err != nil {
		return nil, err
	}
	if s.over() {
		return nil, closed()
	}
	here, err := s.c.protocols.Operations(protocolID, class, s.Peer().Role)
	if err != nil {
		return nil, err
	}
	known := s.negotiable(class)
	there, remembered := s.c.remembered.operations(known, protocolID)
	if !remembered {
		var got comm.Available
		err := withPeer(ctx, s, s.live, func(conn patient) error {
			return conn.Call(ctx, comm.MethodOperations, comm.Select{Class: string(class), Protocol: protocolID}, &got)
		})
		if err != nil {
			return nil, err
		}
		for _, o := range here { // of what a peer says, no more is kept than this side has
			if slices.Contains(got.Names, o.Name) {
				there = append(there, o.Name)
			}
		}
		s.c.remembered.learn(known, func(a *agreed) {
			a.operations = maps.Clone(a.operations)
			if a.operations == nil {
				a.operations = map[string][]string{}
			}
			a.operations[protocolID] = there
		})
	}
	var both []protocol.Operation
	for _, o := range here {
		if slices.Contains(there, o.Name) {
			both = append(both, o)
		}
	}
	return both, nil
}

// Alone lists the operations of the selected protocol that need no message to the peer, whether or
// not the peer has them.
func (s *Session) Alone(class instrument.ClassID) ([]protocol.Operation, error) {
	id, err := s.protocolOf(class)
	if err != nil {
		return nil, err
	}
	all, err := s.c.protocols.Operations(id, class, s.Peer().Role)
	return slices.DeleteFunc(slices.Clone(all), func(o protocol.Operation) bool { return o.Messages }), err
}

// Operation is one operation of the selected protocol, as this side has it; fault.Unsupported if it
// has none of that name.
func (s *Session) Operation(class instrument.ClassID, name string) (protocol.Operation, error) {
	id, err := s.protocolOf(class)
	if err != nil {
		return protocol.Operation{}, err
	}
	return s.c.protocols.Operation(id, class, s.Peer().Role, name)
}

// Instruments lists the instruments of a class that the principal may use (§5.5);
// fault.Unsupported if the class is not installed.
func (s *Session) Instruments(ctx context.Context, p profile.Principal, class instrument.ClassID) ([]instrument.Instance, error) {
	if _, err := s.c.instruments.Class(class); err != nil {
		return nil, err
	}
	return s.c.Usable(ctx, p, instrument.Filter{Class: class})
}

func (s *Session) protocolOf(class instrument.ClassID) (string, error) {
	s.mu.Lock()
	over, chosen := s.closed, s.selected[class].protocol
	s.mu.Unlock()
	if over {
		return "", closed()
	}
	if chosen == "" {
		if err := s.takes(class); err != nil {
			return "", err
		}
		return "", fault.New(fault.Conflict, "no protocol was selected for %s yet", class).Because("out-of-order").
			WithHint("select one for %s first", class)
	}
	return chosen, nil
}

// Close ends the session (paper §5.6): it takes no further step. An operation whose outcome is still
// open dials again to get it, and hangs up then.
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
