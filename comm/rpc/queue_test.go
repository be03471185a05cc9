package rpc

import (
	"encoding/binary"
	"errors"
	"runtime"
	"testing"
)

func TestQueueIsBounded(t *testing.T) {
	for _, row := range []struct {
		name  string
		frame int // bytes
		room  int // frames
	}{
		{"in number", 1, queueFrames},
		{"in bytes", queueBytes / 4, 4},
		{"one frame of any size", queueBytes * 2, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			q := NewQueue()
			frame := make([]byte, row.frame)
			for i := range row.room {
				if err := q.Push(frame); err != nil {
					t.Fatalf("frame %d: %v", i, err)
				}
			}
			if err := q.Push(frame); !errors.Is(err, ErrQueueFull) {
				t.Errorf("one more: %v", err)
			}
			<-q.Ready()
			if got, ok := q.Take(); !ok || len(got) != row.frame {
				t.Errorf("took %d bytes, %v", len(got), ok)
			}
			if err := q.Push(frame); err != nil {
				t.Errorf("after one was taken: %v", err)
			}
		})
	}
}

func TestQueueGivesWhatWasPushedBeforeItsEnd(t *testing.T) {
	q := NewQueue()
	if err := q.Push([]byte("last")); err != nil {
		t.Fatal(err)
	}
	q.Close()
	q.Close()
	if err := q.Push(nil); !errors.Is(err, ErrQueueClosed) {
		t.Errorf("push: %v", err)
	}
	<-q.Ready()
	if f, ok := q.Take(); !ok || string(f) != "last" {
		t.Errorf("took %q, %v", f, ok)
	}
	for range 2 {
		<-q.Ready()
		if _, ok := q.Take(); ok {
			t.Error("more came")
		}
	}
}

// However fast one pushes and the other takes: all arrives, once and in order.
func TestQueueKeepsTheOrder(t *testing.T) {
	const n = 10_000
	q := NewQueue()
	go func() {
		defer q.Close()
		for i := range n {
			frame := binary.BigEndian.AppendUint32(nil, uint32(i))
			for errors.Is(q.Push(frame), ErrQueueFull) {
				runtime.Gosched()
			}
		}
	}()
	for i := uint32(0); ; i++ {
		<-q.Ready()
		frame, ok := q.Take()
		if !ok {
			if i != n {
				t.Errorf("%d frames came", i)
			}
			break
		}
		if got := binary.BigEndian.Uint32(frame); got != i {
			t.Fatalf("frame %d is %d", i, got)
		}
	}
}

// An empty queue keeps no room that only a burst has needed.
func TestQueueGivesRoomBack(t *testing.T) {
	q := NewQueue()
	for range queueFrames {
		if err := q.Push([]byte("frame")); err != nil {
			t.Fatal(err)
		}
	}
	for range queueFrames {
		<-q.Ready()
		q.Take()
	}
	if cap(q.frames) > keptRoom {
		t.Errorf("there is room for %d", cap(q.frames))
	}
}

// A queue that is never empty, as that of a peer who is read to without a pause and a
// little behind, forgets what was taken all the same.
func TestAQueueThatIsNeverEmptyForgetsWhatWasTaken(t *testing.T) {
	q := NewQueue()
	if err := q.Push([]byte("x")); err != nil {
		t.Fatal(err)
	}
	for range 100 * queueFrames {
		if err := q.Push([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if _, ok := q.Take(); !ok {
			t.Fatal("nothing to take")
		}
	}
	if room := cap(q.frames); room > 4*queueFrames {
		t.Errorf("one frame waits, in room for %d", room)
	}
}
