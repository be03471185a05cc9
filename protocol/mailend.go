package protocol

import (
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

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
