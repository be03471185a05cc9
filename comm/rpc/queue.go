package rpc

import (
	"errors"
	"slices"
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
// instead of holding up the others. One goroutine takes. An empty queue takes up little
// memory, because most connections wait most of the time.
type Queue struct {
	ready  chan struct{} // holds one signal while there is something to take, or it is closed
	room   *Room         // nil: its bounds are its own alone
	cut    func()        // ends the connection of a queue that the room has emptied
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
	greediest, err := q.push(frame)
	if greediest == nil {
		return err
	}
	greediest.Drop()
	greediest.cut()
	if greediest == q {
		return ErrQueueFull
	}
	return nil
}

// push also returns the queue that has to make room for the frame, if one has.
func (q *Queue) push(frame []byte) (greediest *Queue, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil, ErrQueueClosed
	}
	if q.bytes > 0 && q.bytes+len(frame) > queueBytes || len(q.frames)-q.taken >= queueFrames {
		return nil, ErrQueueFull
	}
	if len(q.frames) == cap(q.frames) && 2*q.taken > len(q.frames) { // a queue that is never empty would otherwise grow for ever
		q.frames, q.taken = slices.Delete(q.frames, 0, q.taken), 0
	}
	q.frames = append(q.frames, frame)
	q.bytes += len(frame)
	q.signal()
	if q.room != nil {
		greediest = q.room.add(q, len(frame))
	}
	return greediest, nil
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
		if q.room != nil {
			q.room.sub(q, len(frame))
		}
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

// Drop ends the queue and forgets what is in it: nobody takes it any more.
func (q *Queue) Drop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed, q.frames, q.taken, q.bytes = true, nil, 0, 0
	q.signal()
	if q.room != nil {
		q.room.leave(q)
	}
}

func (q *Queue) signal() {
	select {
	case q.ready <- struct{}{}:
	default: // there is one
	}
}
