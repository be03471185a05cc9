package protocol

import (
	"slices"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
)

// Limits of what is kept for operations that have not begun.
const (
	maxEarly      = 256
	maxEarlyBytes = 2 << 20
)

// early keeps messages that overtook the request which begins their operation:
// requests are handled at once, so a message sent right behind one may be read
// first. What nobody claims gives way to newer ones.
type early struct {
	list  []overtook
	bytes int
}

type overtook struct {
	op    instrument.OperationID
	peer  string
	said  comm.Said
	bytes int
}

func (e *early) keep(peer string, s comm.Said) {
	o := overtook{op: instrument.OperationID(s.Op), peer: peer, said: s}
	for _, m := range s.Msgs {
		o.bytes += len(m.Body)
	}
	if len(s.Msgs) == 0 || o.bytes > maxEarlyBytes {
		return
	}
	e.list, e.bytes = append(e.list, o), e.bytes+o.bytes
	for len(e.list) > maxEarly || e.bytes > maxEarlyBytes {
		e.bytes -= e.list[0].bytes
		e.list = slices.Delete(e.list, 0, 1)
	}
}

// claim gives what the peer said to an operation, in the order of arrival.
func (e *early) claim(op instrument.OperationID, peer string) []comm.Said {
	var out []comm.Said
	e.list = slices.DeleteFunc(e.list, func(o overtook) bool {
		if o.op != op || o.peer != peer {
			return false
		}
		out = append(out, o.said)
		e.bytes -= o.bytes
		return true
	})
	return out
}
