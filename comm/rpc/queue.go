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
// instead of holding up the others. One goroutine takes. It has no room for more
// than is in it, for most connections wait most of the time.
type Queue struct {
	ready  chan struct{} // holds one signal while there is something to take, or it is closed
	mu     sync.Mutex
	closed bool
	bytes  int
	frames [][]byte
	taken  int // of frames, from the front
}

// keptRoom is how many frames may find room in an empty queue that had to grow.
const keptRoom = 16

// NewQueue makes an empty queue.
func NewQueue() *Queue {
	return &Queue{ready: make(chan struct{}, 1)}
}

// Push adds a frame: nil, ErrQueueFull or ErrQueueClosed.
func (q *Queue) Push(frame []byte) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrQueueClosed
	}
	if q.bytes > 0 && q.bytes+len(frame) > queueBytes || len(q.frames)-q.taken >= queueFrames {
		return ErrQueueFull
	}
	q.frames = append(q.frames, frame)
	q.bytes += len(frame)
	q.signal()
	return nil
}

// Ready signals that there is something to take. Each signal is followed by one
// Take.
func (q *Queue) Ready() <-chan struct{} { return q.ready }

// Take gives the frames in the order pushed, and false behind the last one after
// Close.
func (q *Queue) Take() (frame []byte, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.taken < len(q.frames) {
		frame, ok = q.frames[q.taken], true
		q.frames[q.taken] = nil
		q.taken++
		q.bytes -= len(frame)
	}
	switch {
	case q.taken < len(q.frames) || q.closed:
		q.signal()
	case cap(q.frames) > keptRoom:
		q.frames, q.taken = nil, 0
	default:
		q.frames, q.taken = q.frames[:0], 0
	}
	return frame, ok
}

// Close ends the queue; what is in it can still be taken.
func (q *Queue) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
}

func (q *Queue) signal() {
	select {
	case q.ready <- struct{}{}:
	default: // there is one
	}
}
