package rpc

import (
	"errors"
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
			q.Taken(<-q.Frames())
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
	if f, ok := <-q.Frames(); !ok || string(f) != "last" {
		t.Errorf("took %q, %v", f, ok)
	}
	if _, ok := <-q.Frames(); ok {
		t.Error("more came")
	}
}
