package protocol

import (
	"context"
	"encoding/json"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

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

func (b *mail) taken() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.read
}
