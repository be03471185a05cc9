package protocol

import (
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// accepted reports whether our peer is the servicer and its run has ended well. Then it has
// done what our code asked for, whatever our code makes of the answer.
func (b *mail) accepted() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.side == Initiator && b.ended && b.failure == nil
}

// answer reports whether our peer, the servicer, has refused, and whether it has answered at all: our
// code has read one of its messages, or its run has ended. Without such a peer no answer is needed,
// and this counts as answered.
func (b *mail) answer() (refusal error, answered bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.side != Initiator || !b.linked {
		return nil, true
	}
	return b.failure, b.ended || b.read > 0
}

// over is how the peer's run has ended, once the code has read everything; nil before.
func (b *mail) over() *peerEnd {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.ended || b.read < len(b.in) {
		return nil
	}
	return &peerEnd{Fault: fault.From(b.failure)}
}

// end takes the answer to the request: the servicer's run has ended. Its result counts as
// its last message.
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

// expire notes that the deadline has passed. The error is what the code is told. At an
// initiator whose request may have arrived there is none, and the wait goes on: only the
// answer knows the outcome. If it surely has not arrived, it will not be sent again.
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

// away reports whether the last attempt could not reach the peer.
func (b *mail) away() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.ended && fault.ReasonOf(b.missed) == ReasonUnreachable
}

// why is the end of a sentence that says that the operation has not ended: the failure of
// the last attempt to reach the peer, or nothing if it did not fail.
func (b *mail) why() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if f := fault.From(b.missed); !b.ended && f != nil {
		return ": " + f.Message
	}
	return ""
}

// finished restores from the log that the peer's run has ended.
func (b *mail) finished(e *peerEnd) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	if e.Fault != nil {
		b.failure = e.Fault
	}
}
