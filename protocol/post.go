package protocol

import (
	"errors"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// post sends what is flushed and was not sent yet, on a goroutine of its own. An initiator's
// first post is the request, which carries all messages so far.
func (o *operation) post() {
	b := o.mail
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.link == nil:
	case b.side == Initiator && !b.begun:
		b.begun, b.flying = true, o.m.Spawn(o.request)
	case b.said < b.flushedTo && !b.saying:
		b.saying = o.m.Spawn(o.say)
	}
}

// waiting reports whether there are flushed messages that were not sent yet.
func (b *mail) waiting() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.said < b.flushedTo
}

// hasLastWords reports whether an initiator that ends now has last words: messages that its peer
// must still get. One that has failed before it sent anything has none, for its peer does
// not know of the operation. A servicer has none either: its messages go with its answer.
func (b *mail) hasLastWords(failed bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.side == Initiator && len(b.out) > 0 && !b.ended && (b.begun || !failed)
}

// relink makes l, the newest connection, the one over which messages go. What was sent over
// an older one and not acknowledged is sent again. A nil l changes nothing.
func (o *operation) relink(l Link) {
	if l == nil {
		return
	}
	b := o.mail
	b.mu.Lock()
	b.link = l
	if b.side == Servicer && len(b.out) > 0 {
		b.said = min(b.said, b.out[0].N-1)
	}
	b.mu.Unlock()
	o.post()
}

// say hands messages to the link, in their order, until there are no more. A message that is
// lost goes again with the next request, with which every connection begins.
func (o *operation) say() {
	for {
		said, link := o.mail.unsaid()
		if link == nil {
			return
		}
		said.Op = string(o.id)
		o.m.at(PointBeforeSay)
		if err := link.Say(o.m.life, said); err != nil {
			o.m.parts.Log.Debug("messages wait for the next connection", "operation", Short(o.id), "error", err)
		}
		o.m.at(PointAfterSay)
	}
}

// unsaid takes the messages to hand over next, and the link for them; nil: there are none.
func (b *mail) unsaid() (comm.Said, Link) {
	b.mu.Lock()
	defer b.mu.Unlock()
	said := comm.Said{Have: uint64(b.kept)}
	for _, m := range b.unacknowledged() {
		if m.N > b.said {
			said.Msgs = append(said.Msgs, m)
		}
	}
	if len(said.Msgs) == 0 {
		b.saying = false
		return comm.Said{}, nil
	}
	b.said = said.Msgs[len(said.Msgs)-1].N
	return said, b.link
}

// The pauses between two attempts to reach a peer.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second
)

// request sends the request until its answer is here. The request is idempotent, so it is
// sent again after every loss. Once it may have arrived, there is no giving up while this
// party lives: only the answer tells the outcome.
func (o *operation) request() {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		e, link := o.mail.nextRequest()
		if link == nil {
			return
		}
		e.Op, e.Call = string(o.id), o.wireCall()
		if !o.spec.ReadOnly { // a negotiation goes under another method, which carries no ends
			e.Ended = o.m.ends.take(o.req.Peer.Key)
		}
		o.m.at(PointBeforeSend)
		got, err := link.Execute(o.m.life, e)
		o.m.at(PointAfterSend)
		if o.m.life.Err() != nil {
			return
		}
		if err == nil && got.Fault != nil && got.Fault.Kind == fault.Unknown && got.Fault.Reason == ReasonPending {
			err = got.Fault // the peer let us go; its run goes on
		}
		if err != nil || got.Fault != nil { // the peer may have refused it before it read the ends
			o.m.ends.add(o.req.Peer.Key, e.Ended...)
		}
		if err == nil {
			o.mail.end(got)
			o.peerAnswered()
			return
		}
		if !o.mail.mayRetry(err) {
			return
		}
		o.m.parts.Log.Debug("the peer is asked again", "operation", Short(o.id), "in", pause, "error", err)
		if !o.waitToRetry(pause) {
			return
		}
	}
}

// waitToRetry waits for the next attempt to reach the peer. False means that there is none:
// this life ends, or the operation has ended and has nothing left to say.
func (o *operation) waitToRetry(pause time.Duration) bool {
	next := time.After(pause)
	select {
	case <-next:
		return true
	case <-o.m.life.Done():
		return false
	case <-o.done:
	}
	if !o.speaks {
		return false
	}
	select { // it has ended, but its last words have not arrived
	case <-next:
		return true
	case <-o.m.life.Done():
		return false
	}
}

// peerAnswered notes that the peer has answered. If our run has ended, its last words have arrived
// with that: they are forgotten, and the peer is told that our end is stored.
func (o *operation) peerAnswered() {
	select {
	case <-o.done:
		if o.speaks {
			o.m.ends.add(o.req.Peer.Key, string(o.id))
			o.m.chores.add(chore{do: func(w Writer) error { return w.Forget(o.id) }})
		}
	default:
	}
}

// nextRequest makes the request as it is now, with the link to send it over. A nil link means
// that it must not be sent.
func (b *mail) nextRequest() (comm.Execute, Link) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return comm.Execute{}, nil
	}
	b.flying = true
	e := comm.Execute{Have: uint64(b.kept), Msgs: b.unacknowledged()}
	if n := len(e.Msgs); n > 0 {
		b.said = max(b.said, e.Msgs[n-1].N)
	}
	return e, b.link
}

// How many attempts may find that the peer's code dies over the request (maxDeaths), or is
// not restarted yet (maxRests), before we give up. maxRests attempts take about six
// seconds; only a plugin that has died several times waits that long for its restart.
const (
	maxDeaths = 3
	maxRests  = 6
)

// mayRetry notes an attempt without an answer, and reports whether to try again. It is final
// only if the request has surely never arrived, and either the failure is of another kind
// than fault.Unavailable, or the deadline has passed, or the peer's code dies each time.
func (b *mail) mayRetry(err error) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flying = false
	b.landed = b.landed || mayHaveArrived(err)
	switch fault.ReasonOf(err) {
	case ReasonCrashed:
		b.died++
	case ReasonResting:
		b.rested++
	}
	dead := b.died >= maxDeaths || b.rested >= maxRests
	if b.landed || errors.Is(err, fault.Unavailable) && !b.late && !dead {
		b.missed = err
		return true
	}
	if !b.ended {
		b.ended, b.failure = true, err
		b.ring()
	}
	return false
}

// mayHaveArrived reports whether a failed request can have reached the peer.
func mayHaveArrived(err error) bool {
	if errors.Is(err, fault.Unknown) || errors.Is(err, fault.Timeout) {
		return true
	}
	reason := fault.ReasonOf(err)
	return reason == comm.ReasonConnectionLost || reason == comm.ReasonGoingAway
}

// wireCall is the call as the peer gets it.
func (o *operation) wireCall() comm.Call {
	c := o.req.Call
	return comm.Call{
		Protocol: o.in.info.ID, Replay: o.in.info.Replay, Operation: c.Operation, Class: string(c.Class),
		Args: c.Args, Offer: o.req.Offer, Payer: o.req.Payer, Deadline: c.Deadline,
	}
}
