package rpc

import (
	"errors"
	"sync"
)

// The bounds of a Queue.
const (
	queueFrames = 1024
	queueBytes  = 8 << 20
)

// ErrQueueFull says that a peer reads more slowly than this side writes.
var ErrQueueFull = errors.New("the peer does not read: too much is waiting for it")

// ErrQueueClosed says that nothing more can be written.
var ErrQueueClosed = errors.New("the connection is closed")

// Queue holds the frames on their way to a peer, bounded in number and bytes.
// It never blocks a writer: a peer that does not read loses its connection
// instead of holding up the others.
type Queue struct {
	mu     sync.Mutex
	closed bool
	bytes  int
	frames chan []byte
}

// NewQueue makes an empty queue.
func NewQueue() *Queue {
	return &Queue{frames: make(chan []byte, queueFrames)}
}

// Push adds a frame: nil, ErrQueueFull or ErrQueueClosed.
func (q *Queue) Push(frame []byte) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrQueueClosed
	}
	if q.bytes > 0 && q.bytes+len(frame) > queueBytes {
		return ErrQueueFull
	}
	select {
	case q.frames <- frame:
		q.bytes += len(frame)
		return nil
	default:
		return ErrQueueFull
	}
}

// Frames gives the frames in the order pushed; it is closed behind the last one
// after Close. Each frame taken is followed by Taken.
func (q *Queue) Frames() <-chan []byte { return q.frames }

// Taken frees the room of a frame.
func (q *Queue) Taken(frame []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bytes -= len(frame)
}

// Close ends the queue; what is in it can still be taken.
func (q *Queue) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		close(q.frames)
	}
}
