package protocol

import (
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm"
)

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
