package protocol

import (
	"slices"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
)

// Limits of the messages that are kept for operations which have not begun. A peer that sends
// more than its share pushes out its own earlier messages. If all peers together send too many,
// the one that has most loses its earliest. So no peer pushes out another's.
const (
	maxEarlyOfPeer      = 64
	maxEarlyBytesOfPeer = 1 << 20 // one of the longest frames
	maxEarly            = 1024
	maxEarlyBytes       = 8 << 20
	// earlyOverhead is what a message costs besides its body.
	earlyOverhead = 64
)

// early keeps messages that have overtaken the request which begins their operation: requests
// are handled concurrently, so a message sent right after one may be handled before it.
// Messages that no operation claims give way to newer ones. The zero value is empty. It is
// guarded by Manager.mu.
type early struct {
	of    map[string]*earlyOf // by key of the peer
	count int
	bytes int
}

// earlyOf is what one peer has said, oldest first.
type earlyOf struct {
	list  []overtook
	bytes int
}

type overtook struct {
	op    instrument.OperationID
	said  comm.Said
	bytes int
}

// keep keeps what a peer has said for an operation that does not run here yet.
func (e *early) keep(peer string, s comm.Said) {
	o := overtook{op: instrument.OperationID(s.Op), said: s, bytes: len(s.Op)} // the id is the peer's, and of any length
	for _, m := range s.Msgs {
		o.bytes += len(m.Body) + earlyOverhead
	}
	if len(s.Msgs) == 0 || o.bytes > maxEarlyBytesOfPeer {
		return
	}
	if e.of == nil {
		e.of = map[string]*earlyOf{}
	}
	if e.of[peer] == nil {
		e.of[peer] = &earlyOf{}
	}
	p := e.of[peer]
	p.list, p.bytes = append(p.list, o), p.bytes+o.bytes
	e.count, e.bytes = e.count+1, e.bytes+o.bytes
	for len(p.list) > maxEarlyOfPeer || p.bytes > maxEarlyBytesOfPeer {
		e.drop(peer)
	}
	for e.count > maxEarly || e.bytes > maxEarlyBytes {
		e.drop(e.greediest())
	}
}

// greediest is the peer that has most of whatever is over its limit.
func (e *early) greediest() string {
	var most string
	size := -1
	for peer, p := range e.of {
		n := p.bytes
		if e.count > maxEarly {
			n = len(p.list)
		}
		if n > size {
			most, size = peer, n
		}
	}
	return most
}

// drop forgets the oldest that a peer has said.
func (e *early) drop(peer string) {
	p := e.of[peer]
	e.took(peer, p.list[0])
	p.list = slices.Delete(p.list, 0, 1)
}

// took adjusts the sums when an entry of a peer goes.
func (e *early) took(peer string, o overtook) {
	p := e.of[peer]
	p.bytes -= o.bytes
	e.bytes -= o.bytes
	e.count--
	if p.bytes == 0 { // each entry has a message, and bytes
		delete(e.of, peer)
	}
}

// claim gives what the peer said to an operation, in the order of arrival.
func (e *early) claim(op instrument.OperationID, peer string) []comm.Said {
	p := e.of[peer]
	if p == nil {
		return nil
	}
	var out []comm.Said
	p.list = slices.DeleteFunc(p.list, func(o overtook) bool {
		if o.op != op {
			return false
		}
		out = append(out, o.said)
		e.took(peer, o)
		return true
	})
	return out
}
