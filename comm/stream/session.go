package stream

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"

	"github.com/swaperoo/swaperoo/comm/rpc"
)

// session is the frames of one session as rpc.Stream, and its line. The limits on
// silence are the turn's.
type session struct {
	*rpc.Pump

	conn net.Conn // TLS over the turn, or the turn itself
	in   *bufio.Reader
	turn *turn
	o    Options

	written uint64      // messages; the pump's
	heard   uint64      // messages; the reader's
	asked   bool        // a ping was sent; the pump's
	moved   int64       // what the line had carried by then; the pump's
	ponged  atomic.Bool // since then
	over    bool        // what is behind the end is not meant for this session; the reader's
}

func newSession(c net.Conn, in *bufio.Reader, t *turn, o Options, room *rpc.Room) *session {
	s := &session{conn: c, in: in, turn: t, o: o}
	t.idle.Reset(o.Idle)
	s.Pump = rpc.NewPump(s, room.Queue(t.cut), rpc.Intervals{Ping: o.Ping, Probe: o.Probe, Write: o.Write})
	return s
}

// ReadFrame implements rpc.Stream.
func (s *session) ReadFrame() ([]byte, error) {
	if s.over {
		return nil, rpc.ErrQueueClosed
	}
	body, err := s.read()
	if err == nil {
		return body, nil
	}
	for _, known := range []error{errTooBig, errMalformed, errGarbled, errMissing} {
		if errors.Is(err, known) {
			_ = s.Close(known.Error())
		}
	}
	s.over = true
	s.ReadEnded()
	return nil, err
}

// read is the next message.
func (s *session) read() ([]byte, error) {
	for {
		k, body, err := readFrame(s.in, s.o.MaxFrame)
		switch {
		case err != nil:
			return nil, err
		case k == message:
			s.heard++
			return body, nil
		case k == ping && len(body) == 8 && binary.BigEndian.Uint64(body) != s.heard:
			return nil, errMissing
		case k == ping:
			s.Answer(nil)
		case k == pong:
			s.ponged.Store(true)
		case k == goodbye && len(body) > 0:
			return nil, fmt.Errorf("the peer closed it: %q", body)
		case k == goodbye:
			return nil, io.EOF
		default:
			return nil, errMalformed
		}
	}
}

// Put implements rpc.Line.
func (s *session) Put(k rpc.Kind, body []byte) {
	switch k {
	case rpc.Message:
		s.written++
		s.send(message, body)
	case rpc.Ping:
		s.ask()
	case rpc.Probe:
		s.count()
	case rpc.Pong:
		s.send(pong, body)
	case rpc.Goodbye:
		s.send(goodbye, body)
	}
}

// busy is what a line carries from one ping to the next where it carries more than
// the peer's own pings.
const busy = 512

// ask sends a ping. A peer that has not answered the last one is cut off, unless the
// line is busy: it waits for the rest of a frame that has lost some of its bytes, and
// takes all that comes for it.
func (s *session) ask() {
	before, ponged := s.moved, s.ponged.Swap(false)
	s.moved = s.turn.moved.Load()
	if s.asked && !ponged && s.moved-before < busy {
		s.turn.cut()
		return
	}
	s.asked = true
	s.count()
}

// count sends a ping, by which the peer sees what has not arrived.
func (s *session) count() { s.send(ping, binary.BigEndian.AppendUint64(nil, s.written)) }

// send writes one frame. An error needs no other care: the reader sees the end
// of the line too.
func (s *session) send(k kind, body []byte) {
	if _, err := s.conn.Write(frameOf(k, body)); err != nil {
		s.turn.cut()
	}
}

// End implements rpc.Line.
func (s *session) End() { s.turn.end() }
