package rpc

import "sync"

// Room bounds the memory that frames take up which wait in many queues, such as those of all
// connections that a listener has accepted. Each queue may hold what one peer is slow to read; all
// of them together may not use up the memory of this process. When there is no room, the fullest
// queue is emptied and its connection cut. So peers that do not read push out each other, and
// nobody who reads.
type Room struct {
	most int // bytes

	mu    sync.Mutex
	bytes int
	held  map[*Queue]int
}

// NewRoom is a room for that many bytes.
func NewRoom(most int) *Room { return &Room{most: most, held: map[*Queue]int{}} }

// Queue makes an empty queue in the room. cut is called when the queue was emptied to make room:
// it ends the connection, and must not block.
func (r *Room) Queue(cut func()) *Queue {
	q := NewQueue()
	q.room, q.cut = r, cut
	return q
}

// add counts what was pushed, and returns the queue that has to make room, if one has.
func (r *Room) add(q *Queue, bytes int) (greediest *Queue) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held[q] += bytes
	if r.bytes += bytes; r.bytes <= r.most {
		return nil
	}
	for other, has := range r.held {
		if greediest == nil || has > r.held[greediest] {
			greediest = other
		}
	}
	r.forget(greediest)
	return greediest
}

// sub counts what was taken.
func (r *Room) sub(q *Queue, bytes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	has, counted := r.held[q]
	switch {
	case !counted: // it has lost all
	case has <= bytes:
		r.forget(q)
	default:
		r.held[q], r.bytes = has-bytes, r.bytes-bytes
	}
}

func (r *Room) leave(q *Queue) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(q)
}

func (r *Room) forget(q *Queue) {
	r.bytes -= r.held[q]
	delete(r.held, q)
}
