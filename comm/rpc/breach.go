package rpc

import "errors"

// Breach ends a connection for what the peer did against the rules of sessions.
type Breach struct {
	Word string // for the peer
	Did  string // for whoever is at this side: "sent …", of the peer
}

// Error implements error.
func (b *Breach) Error() string { return b.Word }

// The breaches that frames of any stream may be. Streams have the first two as well.
var (
	ErrTooBig        = &Breach{"frame-too-big", "sent a message that is longer than this side takes"}
	ErrMalformed     = &Breach{"frame-malformed", "sent what is no message of a session"}
	errBatch         = &Breach{"batch-refused", "sent several messages as one"}
	errVersion       = &Breach{"version-unknown", "sent a message that is not of JSON-RPC 2.0"}
	errUnasked       = &Breach{"answer-unasked", "answered what nobody had asked"}
	errServicerCalls = &Breach{"servicer-may-not-call", "sent a request, which only the side that dialled may send"}
)

// breachOf is the breach that a connection has ended by, if one has.
func breachOf(cause error) (b *Breach, is bool) {
	is = errors.As(cause, &b)
	return b, is
}
