package inproc

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/swaperoo/swaperoo/comm/rpc"
)

// stream is one end of a pair. Frames are the same bytes that a wire would
// carry, so the two parties share nothing.
type stream struct {
	in, out *rpc.Queue
	closed  chan struct{}
	closing sync.Once
	reason  atomic.Value // of this end, for the peer
	peer    *stream
}

// pair makes two ends that lead to each other.
func pair() (a, b *stream) {
	there, back := rpc.NewQueue(), rpc.NewQueue()
	a = &stream{in: back, out: there, closed: make(chan struct{})}
	b = &stream{in: there, out: back, closed: make(chan struct{}), peer: a}
	a.peer = b
	return a, b
}

// ReadFrame implements rpc.Stream. What the peer wrote before it closed its end
// is still read.
func (s *stream) ReadFrame() ([]byte, error) {
	select {
	case <-s.closed:
		return nil, rpc.ErrQueueClosed
	default:
	}
	select {
	case <-s.closed:
		return nil, rpc.ErrQueueClosed
	case <-s.in.Ready():
		frame, ok := s.in.Take()
		if !ok {
			return nil, s.over()
		}
		return frame, nil
	}
}

func (s *stream) over() error {
	if reason, _ := s.peer.reason.Load().(string); reason != "" {
		return errors.New("the peer closed it: " + reason)
	}
	return io.EOF
}

// WriteFrame implements rpc.Stream.
func (s *stream) WriteFrame(frame []byte) error { return s.out.Push(frame) }

// Close implements rpc.Stream.
func (s *stream) Close(reason string) error {
	s.closing.Do(func() {
		s.reason.Store(reason)
		close(s.closed)
		s.out.Close()
		s.in.Close()
	})
	return nil
}
