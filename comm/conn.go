package comm

import (
	"context"
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Conn is one authenticated connection of a session. It is safe for concurrent
// use. Calls in flight fail with fault.Unavailable when it ends.
type Conn interface {
	// Peer is the other side as it proved to be: its key is the one of the
	// handshake, and empty on a line in clear, where nobody proves one. Name and
	// role are those it was dialled or accepted under.
	Peer() Peer
	// Call sends a request and reads its answer. Only the side that dialled may
	// call. A fault of the peer is returned as it is.
	Call(ctx context.Context, method string, params, result any) error
	// Notify sends what needs no answer. Frames arrive in the order sent.
	Notify(ctx context.Context, method string, params any) error
	// Close ends the connection; closing twice is harmless.
	Close() error
}

// Reasons of a request that failed because its connection ended: it may have reached the
// peer.
const (
	ReasonConnectionLost fault.Reason = "connection-lost"
	ReasonGoingAway      fault.Reason = "going-away" // the peer has said that it ends the connection
)

// Bound is a Conn that can prove that both sides see the same connection.
type Bound interface {
	// Binding is the TLS exporter value, equal on both sides and on no other
	// connection (RFC 9266). In clear it only tells connections apart.
	Binding() []byte
}

// Introduced is a Conn that can be told to whom it leads: by the Manager, which knows the
// name under which the peer was dialled, and by a servicer after session.initiate.
type Introduced interface {
	// Introduce sets name and role of Peer(); its key stays the proved one.
	Introduce(name string, role Role)
}

// Spelling is a Conn over which params and results may write and read their JSON themselves, by AppendJSON and
// ReadJSON as package instrument describes them. Over any other Conn they must be the types that this package declares
// for its methods.
type Spelling interface {
	// Spells marks the Conn and does nothing.
	Spells()
}

// Handler receives what a peer sends over one connection. Requests run
// concurrently, notifications in the order of their frames before any later
// frame is handled.
type Handler interface {
	// Request answers one request of an initiator. After an error that is a *Last
	// the connection ends.
	Request(ctx context.Context, c Conn, method string, params json.RawMessage) (any, error)
	// Notification takes what needs no answer. It must not block for long.
	Notification(ctx context.Context, c Conn, method string, params json.RawMessage)
	// Closed is told once, after the last frame was handled.
	Closed(c Conn)
}

// Last is an error of Handler.Request that ends the connection, once it was sent as the
// answer.
type Last struct{ Err error }

// Error implements error.
func (l *Last) Error() string { return l.Err.Error() }

// Unwrap gives the error that the peer is told.
func (l *Last) Unwrap() error { return l.Err }

// Transport makes connections. One that carries bytes makes them with Handshake and
// rpc.New; commtest has the suite that each passes.
type Transport interface {
	// Schemes are the address schemes that it dials, such as "wss".
	Schemes() []string
	// Dial connects and authenticates. A peer whose key is not the expected one
	// (if any) is fault.Denied, reason "peer-key-changed", with both keys in the
	// message; without an expected key Trust.Check decides. If nobody is there, the error
	// is fault.Unavailable, reason "peer-unreachable", and if ctx has ended before there is a
	// connection, fault.Timeout, reason "dial-timeout".
	Dial(ctx context.Context, a Address, h Handler) (Conn, error)
}

// Reaching is a Transport that knows of some addresses that nobody can ever be there.
type Reaching interface {
	Transport
	// Reaches is fault.Invalid, reason "address-malformed", for an address that Dial would never
	// connect to, whoever is where. It asks nobody.
	Reaches(a Address) error
}

// Acceptor is a Transport that can also wait for peers.
type Acceptor interface {
	Transport
	// Listen accepts connections until ctx ends or the listener is closed. Each gets the
	// handler that accept returns for it; if accept fails, it is closed.
	Listen(ctx context.Context, a Address, accept func(Conn) (Handler, error)) (Listener, error)
}

// Listener is an open door.
type Listener interface {
	// Address is where it really listens, with our own key.
	Address() Address
	// Close stops accepting and ends the connections that were accepted.
	Close() error
}
