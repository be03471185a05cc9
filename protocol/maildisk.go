package protocol

import (
	"encoding/json"
	"slices"

	"github.com/swaperoo/swaperoo/comm"
)

// revive restores the mail of a running operation from its log: all messages that were
// flushed, the number of the last one that the peer has acknowledged (heard), the number
// of messages that the code has read (taken), and whether the request may have left
// (posted).
func (b *mail) revive(sent []comm.Message, heard, written uint64, taken int, posted bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.out = sent[min(int(heard), len(sent)):]
	b.written, b.flushedTo, b.said = written, written, heard
	b.in = make([]json.RawMessage, taken) // their bodies are in the log, with the steps that read them
	b.read, b.kept = taken, taken
	b.landed = posted
}

// closing is what goes into the last flush for a peer that asks again later: how many
// messages were read, and those written that it has not acknowledged.
func (b *mail) closing() (have uint64, msgs []comm.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return uint64(b.read), slices.Clone(b.out)
}

// restore takes over what closing gave in an earlier run.
func (b *mail) restore(have uint64, msgs []comm.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.out, b.kept, b.read = msgs, int(have), int(have)
	if n := len(msgs); n > 0 {
		b.written, b.flushedTo = msgs[n-1].N, msgs[n-1].N
	}
}

// durable is what may leave this party: the acknowledgement of what is kept, and the
// flushed messages that the peer has not acknowledged.
func (b *mail) durable() (have uint64, msgs []comm.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return uint64(b.kept), b.unacknowledged()
}

// unacknowledged are the flushed messages that the peer has not acknowledged.
func (b *mail) unacknowledged() []comm.Message {
	var out []comm.Message
	for _, m := range b.out {
		if m.N <= b.flushedTo {
			out = append(out, m)
		}
	}
	return out
}

// flushed notes that a flush has made durable all that was written and read so far.
func (b *mail) flushed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flushedTo, b.kept = b.written, b.read
	b.unkept = 0
	for _, body := range b.in[b.read:] {
		b.unkept += len(body)
	}
	for _, body := range b.outOfOrder {
		b.unkept += len(body)
	}
}

// rewind undoes what was written and read since the last flush; read is how many messages
// the code had read then.
func (b *mail) rewind(read int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.read = read
	for len(b.out) > 0 && b.out[len(b.out)-1].N > b.flushedTo {
		b.out = b.out[:len(b.out)-1]
	}
	b.written = b.flushedTo
}
