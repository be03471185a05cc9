package protocol

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// maxUnacknowledged bounds the messages of one operation and side that the peer
// has not acknowledged.
const maxUnacknowledged = 64

// mail is what one operation and its peer say to each other: messages numbered
// from 1 in each direction. Connections deliver into it from their goroutines.
type mail struct {
	side Side

	mu    sync.Mutex
	link  Link
	wake  chan struct{} // holds one token when something has arrived
	begun bool          // the request has been handed to the link
	sent  bool          // … and may have reached the peer

	out     []comm.Message // not acknowledged
	written uint64         // number of the last message written
	durably uint64         // … and flushed
	said    uint64         // … and handed to the link

	in      []json.RawMessage // message n at n-1
	early   map[uint64]json.RawMessage
	read    int // messages taken by the code
	kept    int // … durably
	ended   bool
	failure error // how the peer's run ended, or why it cannot be reached
}

func newMail(r Execution) *mail {
	return &mail{side: r.Side, link: r.Link, wake: make(chan struct{}, 1), early: map[uint64]json.RawMessage{}}
}

// reachesPeer reports whether there is anybody to talk to.
func (b *mail) reachesPeer() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.link != nil
}

// relink makes the newest connection the one that the operation speaks over.
func (b *mail) relink(l Link) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l != nil {
		b.link = l
	}
}

// gone reports whether something may have left the house.
func (b *mail) gone() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sent || b.said > 0
}

// write numbers a message. It stays here until it is flushed and posted.
func (b *mail) write(body json.RawMessage) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.out) >= maxUnacknowledged {
		return fault.New(fault.Conflict, "the peer has %d messages that it did not acknowledge", len(b.out)).Because("peer-too-slow")
	}
	b.written++
	b.out = append(b.out, comm.Message{N: b.written, Body: body})
	return nil
}

// arrived takes messages and an acknowledgement from the peer.
func (b *mail) arrived(have uint64, msgs []comm.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keep(have, msgs)
	b.ring()
}

func (b *mail) keep(have uint64, msgs []comm.Message) {
	for len(b.out) > 0 && b.out[0].N <= min(have, b.durably) {
		b.out = b.out[1:]
	}
	for _, m := range msgs {
		if m.N > uint64(len(b.in)) && len(b.early) < maxUnacknowledged {
			b.early[m.N] = m.Body
		}
	}
	for {
		next := uint64(len(b.in)) + 1
		body, ok := b.early[next]
		if !ok {
			return
		}
		delete(b.early, next)
		b.in = append(b.in, body)
	}
}

// end takes the end of the servicer's run: its result is the last message.
func (b *mail) end(e comm.Executed) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keep(e.Have, e.Msgs)
	if !b.ended {
		b.ended = true
		if e.Fault != nil {
			b.failure = e.Fault
		} else {
			b.in = append(b.in, e.Result)
		}
	}
	b.ring()
}

// fail ends the waiting for a peer that cannot be reached.
func (b *mail) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.ended {
		b.ended, b.failure = true, err
	}
	b.ring()
}

// take gives the next message, if it is here.
func (b *mail) take() (body json.RawMessage, ok bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.read < len(b.in):
		b.read++
		return b.in[b.read-1], true, nil
	case b.failure != nil:
		return nil, false, b.failure
	case b.ended:
		return nil, false, fault.New(fault.Invalid, "the peer has said its last message").Because("peer-ended")
	}
	return nil, false, nil
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
			if b.side == Servicer || !b.gone() {
				return nil, fault.New(fault.Timeout, "the peer did not answer in time").Because("deadline")
			}
			expired = nil
		case <-ctx.Done():
			return nil, suspended()
		}
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

func (b *mail) durable() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return uint64(b.kept)
}

func (b *mail) unacknowledged() []comm.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]comm.Message(nil), b.out...)
}

// flushed makes what was written and read so far durable facts.
func (b *mail) flushed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.durably, b.kept = b.written, b.read
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

func (b *mail) close() { b.flushed() }

// post sends what is durable and was not sent yet: an initiator's first post is
// the request itself.
func (b *mail) post(o *operation) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.side == Initiator && !b.begun {
		b.begun = true
		o.m.work.Add(1)
		go b.call(o)
		return
	}
	var fresh []comm.Message
	for _, m := range b.out {
		if m.N > b.said && m.N <= b.durably {
			fresh = append(fresh, m)
		}
	}
	if len(fresh) == 0 {
		return
	}
	b.said = fresh[len(fresh)-1].N
	said, link := comm.Said{Op: string(o.id), Have: uint64(b.kept), Msgs: fresh}, b.link
	o.m.work.Add(1)
	go func() {
		defer o.m.work.Done()
		if err := link.Say(o.m.life, said); err != nil {
			o.m.parts.Log.Debug("messages wait for the next connection", "operation", Short(o.id), "error", err)
		}
	}()
}

// call sends the request until its answer is here. The request is idempotent,
// so it goes out again after every loss.
func (b *mail) call(o *operation) {
	defer o.m.work.Done()
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		b.mu.Lock()
		e := comm.Execute{Op: string(o.id), Call: o.wireCall(), Have: uint64(b.kept)}
		for _, m := range b.out {
			if m.N <= b.durably {
				e.Msgs = append(e.Msgs, m)
				b.said = max(b.said, m.N)
			}
		}
		link, ended := b.link, b.ended
		b.mu.Unlock()
		if ended {
			return
		}
		got, err := link.Execute(o.m.life, e)
		switch {
		case err == nil:
			b.reached()
			b.end(got)
			return
		case o.m.life.Err() != nil:
			return
		case errors.Is(err, fault.Unknown), errors.Is(err, fault.Timeout), fault.ReasonOf(err) == "connection-lost":
			b.reached()
		case !errors.Is(err, fault.Unavailable):
			b.fail(err)
			return
		case !b.gone() && o.expired():
			b.fail(err)
			return
		}
		o.m.parts.Log.Debug("the peer is asked again", "operation", Short(o.id), "in", pause, "error", err)
		select {
		case <-time.After(pause):
		case <-o.done:
			return
		case <-o.m.life.Done():
			return
		}
	}
}

func (b *mail) reached() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent = true
}

func (o *operation) expired() bool {
	d := o.req.Call.Deadline
	return !d.IsZero() && !o.m.parts.Clock().Before(d)
}

// wireCall is the call as the peer gets it.
func (o *operation) wireCall() comm.Call {
	c := o.req.Call
	return comm.Call{
		Protocol: o.in.info.ID, Replay: o.in.info.Replay, Operation: c.Operation, Class: string(c.Class),
		Args: c.Args, Offer: o.req.Offer, Payer: o.req.Payer, Deadline: c.Deadline,
	}
}
