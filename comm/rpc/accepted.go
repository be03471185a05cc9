package rpc

import (
	"sync"

	"github.com/swaperoo/swaperoo/comm"
)

// Accepted are the connections of one listener. The zero value is ready.
type Accepted struct {
	mu     sync.Mutex
	closed bool
	conns  map[*Conn]struct{}
	wait   sync.WaitGroup
}

// Serve takes over a connection and returns at once: the connection gets the
// handler that accept has for it, or is closed.
func (a *Accepted) Serve(c *Conn, accept func(comm.Conn) (comm.Handler, error)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		_ = c.Close()
		return
	}
	if a.conns == nil {
		a.conns = map[*Conn]struct{}{}
	}
	a.conns[c] = struct{}{}
	a.wait.Go(func() {
		if h, err := accept(c); err != nil {
			_ = c.Close()
		} else {
			c.Start(h)
		}
		<-c.Done()
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.conns, c)
	})
}

// Close ends all connections and waits for them and their handlers; it must not
// be called by a handler.
func (a *Accepted) Close() {
	a.mu.Lock()
	a.closed = true
	for c := range a.conns {
		_ = c.Close()
	}
	a.mu.Unlock()
	a.wait.Wait()
}
