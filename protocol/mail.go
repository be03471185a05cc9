package protocol

import (
	"encoding/json"
	"sync"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Limits of what one side of an operation has said and the other has not
// acknowledged. All of it must fit into one frame.
const (
	maxUnacknowledged = 64
	maxMailBytes      = 384 << 10
)

// mail is what one operation and its peer say to each other: messages numbered
// from 1 in each direction. Connections deliver into it from their goroutines.
// How it is sent is in post.go, what is done with what arrives in mailin.go.
type mail struct {
	side   Side
	linked bool // there is a peer to talk to, now or when it comes back

	mu   sync.Mutex
	link Link
	wake chan struct{} // holds one token when something has arrived

	out     []comm.Message // not acknowledged
	written uint64         // number of the last message written
	durably uint64         // … and flushed
	said    uint64         // … and handed to the link
	saying  bool           // a goroutine hands messages to the link

	begun  bool  // the request has been handed over once
	flying bool  // the request is out and may arrive
	landed bool  // something has reached the peer, or may have
	late   bool  // the deadline is over
	missed error // why the last attempt did not reach the peer
	died   int   // attempts of which the peer's code has died, and nothing was kept
	rested int   // attempts at which it was not started again yet

	in      []json.RawMessage          // message n at n-1
	early   map[uint64]json.RawMessage // before those that they follow
	aside   *share                     // counts what is in early; nil: nobody does
	from    string                     // whose it is there
	left    bool                       // the operation has ended, and counts nothing any more
	ahead   int                        // bytes of what has arrived and was not made durable
	read    int                        // messages taken by the code
	kept    int                        // … durably
	ended   bool
	failure error // how the peer's run ended, or why it cannot be reached
}

func newMail(r Execution) *mail {
	return &mail{side: r.Side, linked: r.Link != nil, link: r.Link, wake: make(chan struct{}, 1)}
}

// write numbers a message. It stays here until it is flushed and posted.
func (b *mail) write(body json.RawMessage) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(body) > maxMailBytes {
		return fault.New(fault.Invalid, "a message of %d bytes is too large: one has %d at most", len(body), maxMailBytes).Because(reasonTooLarge).
			WithHint("tell the author of the plugin to say it in smaller ones")
	}
	bytes := len(body)
	for _, m := range b.out {
		bytes += len(m.Body)
	}
	if len(b.out) >= maxUnacknowledged || bytes > maxMailBytes {
		return fault.New(fault.Conflict, "%d messages with %d bytes are more than a peer may leave unacknowledged", len(b.out)+1, bytes).Because("peer-too-slow")
	}
	if !instrument.PeerJSON(body) { // a peer would end the connection over it, whenever it is asked
		return fault.New(fault.Internal, "a message is not JSON in UTF-8, or too deep").Because("message-malformed")
	}
	b.written++
	b.out = append(b.out, comm.Message{N: b.written, Body: body})
	return nil
}

// acknowledged is the number up to which the peer has our messages durably.
func (b *mail) acknowledged() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.out) > 0 {
		return b.out[0].N - 1
	}
	return b.written
}

func (b *mail) ring() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}
