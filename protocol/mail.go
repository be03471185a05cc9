package protocol

import (
	"encoding/json"
	"sync"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Limits of the messages that one side has sent and the other has not acknowledged. All
// of them must fit into one frame.
const (
	maxUnacknowledged = 64
	maxMailBytes      = 384 << 10
)

// mail is the conversation of one operation with its peer: messages numbered from 1 in
// each direction. Connections deliver into it from their goroutines.
//
// On its way out a message is written by the code, flushed to the database, and handed to
// the link; only flushed ones leave this party. It stays in out until the peer acknowledges
// it. On its way in it arrives, is read by the code, and is kept: the read is durable. That
// is what we acknowledge. So both sides can go on after a crash with what they hold.
//
// Sending is in post.go, receiving in mailin.go.
type mail struct {
	side   Side
	linked bool // there is a peer to talk to, now or when it comes back

	mu   sync.Mutex
	link Link
	wake chan struct{} // holds one token when something has arrived

	// Out.
	out       []comm.Message // not acknowledged
	written   uint64         // number of the last message that the code has written
	flushedTo uint64         // number of the last one that is durable
	said      uint64         // number of the last one that was handed to the link
	saying    bool           // a goroutine is handing messages to the link

	// The request of an initiator, which begins the peer's run.
	begun  bool  // it was handed to the link once
	flying bool  // it is under way
	landed bool  // it has reached the peer, or may have
	late   bool  // the deadline has passed
	missed error // why the last attempt did not reach the peer
	died   int   // attempts at which the peer's code died with nothing durable
	rested int   // attempts at which the peer's code was not restarted yet

	// In.
	in         []json.RawMessage          // message n at index n-1
	outOfOrder map[uint64]json.RawMessage // by number; an earlier one is still missing
	aside      *share                     // room for outOfOrder, shared by all operations; nil: unlimited
	from       string                     // for whom outOfOrder counts in aside
	left       bool                       // the operation has ended, and takes no more room
	unkept     int                        // bytes that have arrived and are not kept
	read       int                        // so many messages the code has read
	kept       int                        // so many of these reads are durable

	// The end of the peer's run.
	ended   bool
	failure error // how it failed, or why the peer cannot be reached
}

func newMail(r Execution) *mail {
	return &mail{side: r.Side, linked: r.Link != nil, link: r.Link, wake: make(chan struct{}, 1)}
}

// write numbers a message and adds it to those that go out. It leaves this party once it is
// flushed and posted. A message that no peer may read, or that is one too many, is refused.
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
	if !instrument.PeerJSON(body) { // a peer would end the connection over it, however often it is sent
		return fault.New(fault.Internal, "a message is not JSON in UTF-8, or too deep").Because("message-malformed")
	}
	b.written++
	b.out = append(b.out, comm.Message{N: b.written, Body: body})
	return nil
}

// acknowledged is the number of the last of our messages that the peer has kept.
func (b *mail) acknowledged() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.out) > 0 {
		return b.out[0].N - 1
	}
	return b.written
}

// ring wakes whoever waits in await.
func (b *mail) ring() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}
