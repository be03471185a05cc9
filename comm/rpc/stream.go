package rpc

import "github.com/swaperoo/swaperoo/comm"

// Stream carries whole frames, each one JSON text, to and from a peer that has
// proved its key. ReadFrame is called by one goroutine; the other methods may
// be called by any.
type Stream interface {
	// ReadFrame waits for the next frame. After Close it returns an error as
	// soon as the stream has ended; frames that arrive before that are dropped
	// by the caller.
	ReadFrame() ([]byte, error)
	// WriteFrame queues a frame and does not wait for the peer. An error means
	// that the stream is over.
	WriteFrame(frame []byte) error
	// Close ends the stream after what was queued has been written, or could
	// not be written in time; it does not wait for that. The reason is empty for
	// a normal end, else one short word for the peer's log. Only the first call
	// counts.
	Close(reason string) error
}

// Side is what this end of a connection may do.
type Side uint8

// The sides.
const (
	Initiator Side = 1 // dialled: sends requests
	Servicer  Side = 2 // was dialled: answers them
)

// The limits that Options leave open.
const (
	MaxFrame    = 1 << 20 // bytes
	MaxRequests = 64      // in flight per connection
)

// Options make a connection of a stream.
type Options struct {
	Side     Side
	Peer     comm.Peer
	Binding  []byte // see comm.Bound; nil if the transport has none
	MaxFrame int    // most bytes of a frame; 0: MaxFrame
	Requests int    // most requests in flight; 0: MaxRequests
}
