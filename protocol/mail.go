package protocol

import (
	"context"
	"encoding/json"
	"sync"
	"time"

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
// How it is sent is in post.go.
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

// arrived takes messages and an acknowledgement from the peer.
func (b *mail) arrived(have uint64, msgs []comm.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.ended {
		b.keep(have, msgs)
		b.ring()
	}
}

// keep takes what is new. A peer has at most maxUnacknowledged messages on the
// way, so anything beyond is not taken.
func (b *mail) keep(have uint64, msgs []comm.Message) {
	for len(b.out) > 0 && b.out[0].N <= min(have, b.durably) {
		b.out = b.out[1:]
	}
	for _, m := range msgs {
		_, known := b.early[m.N]
		if known || m.N <= uint64(len(b.in)) || m.N > uint64(b.kept)+maxUnacknowledged {
			continue
		}
		body := message(m.Body)
		if b.ahead+len(body) > maxMailBytes {
			continue
		}
		if m.N == uint64(len(b.in))+1 {
			b.in = append(b.in, body)
			b.follow()
		} else if !b.puts(m.N, body) {
			continue
		}
		b.ahead += len(body)
	}
}

// puts keeps a message aside until those before it are here, if there is room.
func (b *mail) puts(n uint64, body json.RawMessage) bool {
	if b.left || !b.aside.take(b.from, len(body)+asideOverhead) {
		return false
	}
	if b.early == nil {
		b.early = map[uint64]json.RawMessage{}
	}
	b.early[n] = body
	return true
}

// follow takes what was put aside and is next by now.
func (b *mail) follow() {
	for {
		next := uint64(len(b.in)) + 1
		body, ok := b.early[next]
		if !ok {
			return
		}
		delete(b.early, next)
		b.aside.give(b.from, len(body)+asideOverhead)
		b.in = append(b.in, body)
	}
}

// leave is the end of the operation: nothing waits for what was put aside.
func (b *mail) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = true
	for _, body := range b.early {
		b.aside.give(b.from, len(body)+asideOverhead)
	}
	b.early = nil
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

// accepted reports whether the peer is a servicer that has ended well: what it was asked
// to do is done, whatever our code makes of its answer.
func (b *mail) accepted() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.side == Initiator && b.ended && b.failure == nil
}

// over is how the peer's run has ended, if the code has been told.
func (b *mail) over() *peerEnd {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.ended || b.read < len(b.in) {
		return nil
	}
	return &peerEnd{Fault: fault.From(b.failure)}
}

// end takes the end of the servicer's run: its result is the last message.
func (b *mail) end(e comm.Executed) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flying, b.landed = false, true
	if b.ended {
		return
	}
	b.keep(e.Have, e.Msgs)
	b.ended = true
	if e.Fault != nil {
		b.failure = e.Fault
	} else {
		b.in = append(b.in, readable(e.Result))
	}
	b.ring()
}

// notKept stands for a message that is not kept, for no record could be written with
// it, nor given to code, which could not keep or say it. Who says just this says nothing
// better.
const notKept = `"(unreadable)"`

// notTaken stands likewise for a message that is longer than any that is taken. Dropped
// without a word it would be sent again and waited for until the deadline.
const notTaken = `"(too large)"`

// message is what is kept of a message that is no result.
func message(body json.RawMessage) json.RawMessage {
	if len(body) > maxMailBytes {
		return json.RawMessage(notTaken)
	}
	return readable(body)
}

const reasonTooLarge fault.Reason = "message-too-large"

// readable is what is kept of a message. A result may be empty.
func readable(body json.RawMessage) json.RawMessage {
	if len(body) == 0 || instrument.PeerJSON(body) {
		return body
	}
	return json.RawMessage(notKept)
}

func isInstead(body json.RawMessage) bool { return string(body) == notKept || string(body) == notTaken }

// unanswered is the kind of fault that code is told instead of a message that it cannot have.
// What a servicer has done that says it, its peer does not know; a servicer has done
// nothing yet for it.
func (b *mail) unanswered() fault.Kind {
	if b.side == Initiator {
		return fault.Unknown
	}
	return fault.Invalid
}

// unread is what code is told instead of a message that cannot be read.
func (b *mail) unread(instead string) error {
	kind := b.unanswered()
	if instead == notTaken {
		return fault.New(kind, "the peer says a message that is too large: one has %d bytes at most", maxMailBytes).Because(reasonTooLarge).WithHint("tell the author of its plugin")
	}
	return fault.New(kind, "the peer says what is not JSON in UTF-8, or too deep").Because("message-malformed").WithHint("tell the author of its plugin")
}

// take gives the next message, if it is here.
func (b *mail) take() (body json.RawMessage, ok bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.read < len(b.in):
		b.read++
		if body = b.in[b.read-1]; isInstead(body) {
			return nil, false, b.unread(string(body))
		}
		return body, true, nil
	case b.failure != nil:
		return nil, false, b.failure
	case b.ended:
		return nil, false, fault.New(b.unanswered(), "the peer has said its last message").Because("peer-ended").WithHint("tell the author of its plugin")
	}
	return nil, false, nil
}

// next is what take would give, if it is here.
func (b *mail) next() json.RawMessage {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.linked || b.read == len(b.in) || isInstead(b.in[b.read]) {
		return nil
	}
	return b.in[b.read]
}

// await waits for the next message. The deadline is a fault for the code at a
// servicer, and at an initiator as long as nothing can have reached the peer;
// after that only the answer knows the outcome, and the operation keeps asking.
func (b *mail) await(ctx context.Context, deadline time.Time, clock func() time.Time) (json.RawMessage, error) {
	var expired <-chan time.Time
	if !deadline.IsZero() {
		t := time.NewTimer(deadline.Sub(clock()))
		defer t.Stop()
		expired = t.C
	}
	for {
		if body, ok, err := b.take(); ok || err != nil {
			return body, err
		}
		select {
		case <-b.wake:
		case <-expired:
			if err := b.expire(); err != nil {
				return nil, err
			}
			expired = nil
		case <-ctx.Done():
			return nil, suspended()
		}
	}
}

// expire is the deadline. At an initiator it also keeps the request from going
// out again: the code is told that nothing has happened.
func (b *mail) expire() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.late = true
	late := fault.New(fault.Timeout, "the peer did not answer in time").Because("deadline")
	switch {
	case b.side == Servicer: // its peer reads this, too
		return fault.New(fault.Timeout, "whoever began this operation did not go on in time").Because("deadline")
	case b.landed || b.flying:
		return nil
	}
	b.ended, b.failure = true, late
	if b.missed != nil {
		b.failure = b.missed
	}
	return b.failure
}

// away reports whether the last attempt has found that the peer cannot be reached.
func (b *mail) away() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.ended && fault.ReasonOf(b.missed) == ReasonUnreachable
}

// why is what the last attempt to reach the peer has met, for a sentence that says that
// the operation has not ended; empty if none has failed.
func (b *mail) why() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if f := fault.From(b.missed); !b.ended && f != nil {
		return ": " + f.Message
	}
	return ""
}

// finished is the end of the peer's run, read back from the log.
func (b *mail) finished(e *peerEnd) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	if e.Fault != nil {
		b.failure = e.Fault
	}
}

func (b *mail) ring() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *mail) taken() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.read
}
