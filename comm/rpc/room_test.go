package rpc

import (
	"errors"
	"sync"
	"testing"
)

// takes lets a queue be read, or cut.
func takes(q *Queue) (n int) {
	for {
		select {
		case <-q.Ready():
			if _, ok := q.Take(); !ok {
				return n
			}
			n++
		default:
			return n
		}
	}
}

func TestARoomIsMadeByWhoeverHasMost(t *testing.T) {
	r := NewRoom(100)
	cut := ""
	queue := func(name string) *Queue { return r.Queue(func() { cut += name }) }
	push := func(q *Queue, bytes int, want error) {
		t.Helper()
		if err := q.Push(make([]byte, bytes)); !errors.Is(err, want) {
			t.Errorf("push: %v, want %v", err, want)
		}
	}
	a, b, c := queue("a"), queue("b"), queue("c")
	push(a, 60, nil)
	push(b, 40, nil)
	push(c, 1, nil) // a has most
	if cut != "a" || r.bytes != 41 || takes(a) != 0 {
		t.Errorf("cut %q, %d bytes wait", cut, r.bytes)
	}
	push(a, 1, ErrQueueClosed)
	push(b, 70, ErrQueueFull) // now b itself
	if cut != "ab" || r.bytes != 1 {
		t.Errorf("cut %q, %d bytes wait", cut, r.bytes)
	}
	push(c, 90, nil)
	if n := takes(c); n != 2 || r.bytes != 0 || len(r.held) != 0 {
		t.Errorf("c has read %d frames, %d bytes wait", n, r.bytes)
	}
	push(c, 50, nil)
	c.Drop()
	if r.bytes != 0 || len(r.held) != 0 || cut != "ab" {
		t.Errorf("after an end %d bytes wait, cut %q", r.bytes, cut)
	}
}

// However many push, read and end at once: what is counted is what is there.
func TestARoomCountsWhatIsThere(t *testing.T) {
	r := NewRoom(1000)
	var all sync.WaitGroup
	for n := range 20 {
		q := r.Queue(func() {})
		all.Go(func() {
			for range 200 {
				_ = q.Push(make([]byte, 10+n))
			}
			if n%2 == 0 {
				q.Drop()
			}
		})
		all.Go(func() {
			for range 100 {
				takes(q)
			}
		})
		defer func() {
			takes(q)
			q.Drop()
		}()
	}
	all.Wait()
	has := 0
	for _, bytes := range r.held {
		has += bytes
	}
	if has != r.bytes || r.bytes > 1000 || r.bytes < 0 {
		t.Errorf("%d bytes are counted, %d are there", r.bytes, has)
	}
}
