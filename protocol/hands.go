package protocol

import "context"

// Hands are goroutines that run one operation after another. An operation needs a deep stack;
// to grow one anew for each operation took a twentieth of its time, and an eighth in a plugin.
// There are as many goroutines as operations run at once, and a few that are idle.
type Hands struct {
	idle chan func()
	stay chan struct{}
}

// maxIdle bounds how many goroutines wait for the next operation.
const maxIdle = 64

// NewHands has none yet.
func NewHands() Hands {
	return Hands{idle: make(chan func()), stay: make(chan struct{}, maxIdle)}
}

// Run runs f on an idle goroutine, or on a new one if there is none, and does not wait for it.
// Idle goroutines end with life.
func (h Hands) Run(life context.Context, f func()) {
	select {
	case h.idle <- f:
	default:
		go h.serve(life, f)
	}
}

// serve runs f, and what comes after it. Code that ends its goroutine ends this
// one, which is then not idle.
func (h Hands) serve(life context.Context, f func()) {
	for next := true; next; {
		f()
		f, next = h.wait(life)
	}
}

func (h Hands) wait(life context.Context) (f func(), next bool) {
	select {
	case h.stay <- struct{}{}:
		defer func() { <-h.stay }()
	default:
		return nil, false
	}
	select {
	case f = <-h.idle:
		return f, true
	case <-life.Done():
		return nil, false
	}
}
