package protocol

import (
	"encoding/json"
	"slices"

	"github.com/swaperoo/swaperoo/comm"
)

// revive is what the log of a running operation tells: all messages that were
// sent, which of them the peer has, and how many of its own were taken.
func (b *mail) revive(sent []comm.Message, heard, written uint64, taken int, posted bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.out = sent[min(int(heard), len(sent)):]
	b.written, b.durably, b.said = written, written, heard
	b.in = make([]json.RawMessage, taken) // they are in the log with the steps that took them
	b.read, b.kept = taken, taken
	b.landed = posted
}

// closing is what the peer may still ask for when this run has ended in the
// flush that comes: everything written, and everything read.
func (b *mail) closing() (have uint64, msgs []comm.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return uint64(b.read), slices.Clone(b.out)
}

// restore is closing after another run.
func (b *mail) restore(have uint64, msgs []comm.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.out, b.kept, b.read = msgs, int(have), int(have)
	if n := len(msgs); n > 0 {
		b.written, b.durably = msgs[n-1].N, msgs[n-1].N
	}
}

// durable is what may leave the house: the acknowledgement and the messages
// that the peer has not acknowledged.
func (b *mail) durable() (have uint64, msgs []comm.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return uint64(b.kept), b.unacknowledged()
}

func (b *mail) unacknowledged() []comm.Message {
	var out []comm.Message
	for _, m := range b.out {
		if m.N <= b.durably {
			out = append(out, m)
		}
	}
	return out
}

// flushed makes what was written and read so far durable facts.
func (b *mail) flushed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.durably, b.kept = b.written, b.read
	b.ahead = 0
	for _, body := range b.in[b.read:] {
		b.ahead += len(body)
	}
	for _, body := range b.early {
		b.ahead += len(body)
	}
}

// rewind forgets what was written and read since the last flush.
func (b *mail) rewind(read int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.read = read
	for len(b.out) > 0 && b.out[len(b.out)-1].N > b.durably {
		b.out = b.out[:len(b.out)-1]
	}
	b.written = b.durably
}
