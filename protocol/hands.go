package protocol

import "context"

// Hands are goroutines that run one operation after another: an operation needs
// a deep stack, and growing it anew for each took a twentieth of its time, and in
// a plugin an eighth. There are as many as operations run at once; few of those
// that are idle stay.
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

// Run runs f on an idle goroutine, or on a new one if none is, and does not wait
// for it. When life ends the idle ones do.
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
