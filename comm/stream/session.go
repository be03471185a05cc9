package stream

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/swaperoo/swaperoo/comm/rpc"
)

// farewellTime is how long a peer has for its own goodbye.
const farewellTime = 2 * time.Second

// session is the frames of one session as rpc.Stream. One goroutine writes; the
// limits on silence are the turn's.
type session struct {
	conn  net.Conn // TLS over the turn, or the turn itself
	in    *bufio.Reader
	turn  *turn
	out   *rpc.Queue
	pongs chan struct{}
	o     Options

	written uint64      // messages; the writer's
	heard   uint64      // messages; the reader's
	asked   bool        // a ping was sent; the writer's
	moved   int64       // what the line had carried by then; the writer's
	ponged  atomic.Bool // since then

	closing   sync.Once
	reason    string        // written before the queue is closed
	readEnd   chan struct{} // closed by the reader at its first error
	readOnce  sync.Once
	writerEnd chan struct{} // closed by the writer behind everything
}

func newSession(c net.Conn, in *bufio.Reader, t *turn, o Options, room *rpc.Room) *session {
	s := &session{
		conn: c, in: in, turn: t, out: room.Queue(t.cut), pongs: make(chan struct{}, 1), o: o,
		readEnd: make(chan struct{}), writerEnd: make(chan struct{}),
	}
	t.idle.Reset(o.Idle)
	go s.write()
	return s
}

// ReadFrame implements rpc.Stream. At the end it waits for the writer, so that
// nothing of the session is left when the error is returned.
func (s *session) ReadFrame() ([]byte, error) {
	select {
	case <-s.readEnd: // what is behind the end was not meant for this session
		<-s.writerEnd
		return nil, rpc.ErrQueueClosed
	default:
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
	s.readOnce.Do(func() { close(s.readEnd) })
	<-s.writerEnd
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
			select {
			case s.pongs <- struct{}{}:
			default: // the next pong answers for this ping as well
			}
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

// WriteFrame implements rpc.Stream.
func (s *session) WriteFrame(frame []byte) error { return s.out.Push(frame) }

// Close implements rpc.Stream.
func (s *session) Close(reason string) error {
	s.closing.Do(func() {
		s.reason = reason
		s.out.Close()
	})
	return nil
}

func (s *session) write() {
	defer close(s.writerEnd)
	defer s.out.Drop()
	asking := time.NewTicker(s.o.Ping)
	defer asking.Stop()
	for {
		select {
		case <-s.out.Ready():
			frame, ok := s.out.Take()
			if !ok {
				s.farewell()
				return
			}
			s.written++
			s.send(message, frame)
		case <-s.pongs:
			s.send(pong, nil)
		case <-asking.C:
			s.ask()
		case <-s.readEnd:
			s.farewell()
			return
		}
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
	s.send(ping, binary.BigEndian.AppendUint64(nil, s.written))
}

// send writes one frame. An error needs no other care: the reader sees the end
// of the line too.
func (s *session) send(k kind, body []byte) {
	if _, err := s.conn.Write(frameOf(k, body)); err != nil {
		s.turn.cut()
	}
}

// farewell says why, and lets the peer read what was sent before the line goes.
func (s *session) farewell() {
	_ = s.Close("")
	s.send(goodbye, []byte(s.reason))
	grace := time.NewTimer(min(s.o.Write, farewellTime))
	defer grace.Stop()
	select {
	case <-s.readEnd:
	case <-grace.C:
	}
	s.turn.end()
}
