package protocol

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"
)

// TestHandsRunEverything: what is begun runs, though some of it ends its
// goroutine, and nothing of it waits for something else that runs.
func TestHandsRunEverything(t *testing.T) {
	life, end := context.WithCancel(t.Context())
	defer end()
	h := NewHands()
	for range 3 {
		var all sync.WaitGroup
		together := make(chan struct{})
		all.Add(3 * maxIdle)
		for n := range 3 * maxIdle {
			h.Run(life, func() {
				defer all.Done()
				if n == 3*maxIdle-1 {
					close(together)
				}
				<-together // all of them run at once
				if n%7 == 0 {
					runtime.Goexit()
				}
			})
		}
		ran := make(chan struct{})
		go func() { all.Wait(); close(ran) }()
		select {
		case <-ran:
		case <-time.After(20 * time.Second):
			t.Fatal("something waits for a place")
		}
	}
}

// TestHandsRest: what is idle ends with the party's life, and no more stay idle
// than may.
func TestHandsRest(t *testing.T) {
	life, end := context.WithCancel(t.Context())
	h := NewHands()
	for range maxIdle {
		h.stay <- struct{}{}
	}
	if _, next := h.wait(life); next {
		t.Error("one more stayed than may")
	}
	<-h.stay
	end()
	if _, next := h.wait(life); next {
		t.Error("it waits for work though the life has ended")
	}
	if len(h.stay) != maxIdle-1 {
		t.Errorf("%d places are taken", len(h.stay))
	}
}
