package protocol

import (
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm"
)

// arrived takes from the peer its messages, and have: how many of ours it has kept.
func (b *mail) arrived(have uint64, msgs []comm.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.ended {
		b.keep(have, msgs)
		b.ring()
	}
}

// keep takes what is new among msgs, and drops from out what the peer has acknowledged. What
// is beyond a limit is dropped: the peer sends it again, because it is not acknowledged.
func (b *mail) keep(have uint64, msgs []comm.Message) {
	for len(b.out) > 0 && b.out[0].N <= min(have, b.flushedTo) {
		b.out = b.out[1:]
	}
	for _, m := range msgs {
		_, known := b.outOfOrder[m.N]
		if known || m.N <= uint64(len(b.in)) || m.N > uint64(b.kept)+maxUnacknowledged {
			continue
		}
		body := message(m.Body)
		if b.unkept+len(body) > maxMailBytes {
			continue
		}
		if m.N == uint64(len(b.in))+1 {
			b.in = append(b.in, body)
			b.takeInOrder()
		} else if !b.holdBack(m.N, body) {
			continue
		}
		b.unkept += len(body)
	}
}

// holdBack puts a message aside until those before it are here; false: there is no room.
func (b *mail) holdBack(n uint64, body json.RawMessage) bool {
	if b.left || !b.aside.take(b.from, len(body)+asideOverhead) {
		return false
	}
	if b.outOfOrder == nil {
		b.outOfOrder = map[uint64]json.RawMessage{}
	}
	b.outOfOrder[n] = body
	return true
}

// takeInOrder takes the messages that were put aside and whose turn has come.
func (b *mail) takeInOrder() {
	for {
		next := uint64(len(b.in)) + 1
		body, ok := b.outOfOrder[next]
		if !ok {
			return
		}
		delete(b.outOfOrder, next)
		b.aside.give(b.from, len(body)+asideOverhead)
		b.in = append(b.in, body)
	}
}

// leave gives up what was put aside: the operation has ended.
func (b *mail) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = true
	for _, body := range b.outOfOrder {
		b.aside.give(b.from, len(body)+asideOverhead)
	}
	b.outOfOrder = nil
}
