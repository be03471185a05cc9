package protocol

import (
	"context"
	"encoding/json"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// unreadKind is the kind of fault that the code gets instead of a message that it cannot
// read. An initiator does not know then what its servicer has done: fault.Unknown. A
// servicer has done nothing yet for that message: fault.Invalid.
func (b *mail) unreadKind() fault.Kind {
	if b.side == Initiator {
		return fault.Unknown
	}
	return fault.Invalid
}

// unread is the error for a message that was replaced when it arrived.
func (b *mail) unread(instead string) error {
	kind := b.unreadKind()
	if instead == notTaken {
		return fault.New(kind, "the peer says a message that is too large: one has %d bytes at most", maxMailBytes).Because(reasonTooLarge).WithHint("tell the author of its plugin")
	}
	return fault.New(kind, "the peer says what is not JSON in UTF-8, or too deep").Because("message-malformed").WithHint("tell the author of its plugin")
}

// take reads the next message; ok is false if it has not arrived. The error is how the
// peer's run has ended, once all its messages are read, or why this one cannot be read.
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
		return nil, false, fault.New(b.unreadKind(), "the peer has said its last message").Because("peer-ended").WithHint("tell the author of its plugin")
	}
	return nil, false, nil
}

// next is the message that take would read, without reading it; nil if there is none.
func (b *mail) next() json.RawMessage {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.linked || b.read == len(b.in) || isInstead(b.in[b.read]) {
		return nil
	}
	return b.in[b.read]
}

// await waits for the next message and reads it. When the deadline passes it returns the
// error of expire, or waits on if there is none. When ctx ends it is fault.Suspended.
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

// taken is how many messages the code has read.
func (b *mail) taken() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.read
}
