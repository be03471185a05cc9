package parked

import (
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Lot holds the connections that were taken from a server. The zero value is
// not usable; see NewLot.
type Lot struct {
	waits context.Context //nolint:containedctx // see NewLot
	idle  time.Duration

	mu     sync.Mutex
	conns  map[*Conn]struct{}
	closed bool
	cut    bool           // whoever waits is not answered either
	gone   sync.WaitGroup // of connections
}

// NewLot makes a lot. When waits ends, so does every wait; a peer that was answered
// has the time idle to ask again.
func NewLot(waits context.Context, idle time.Duration) *Lot {
	return &Lot{waits: waits, idle: idle, conns: map[*Conn]struct{}{}}
}

// Take takes the connection of a request that has no body. The handler returns
// without an answer then, uses neither of its arguments any more, and somebody
// calls Answer, once. False: this is not possible (HTTP/2 or 1.0, a body, a writer
// that no server made, or the lot is closed), and nothing has happened.
func (l *Lot) Take(w http.ResponseWriter, r *http.Request) (*Conn, bool) {
	server, ok := r.Context().Value(http.ServerContextKey).(*http.Server)
	if !ok || r.ProtoMajor != 1 || r.ProtoMinor < 1 || r.ContentLength != 0 {
		return nil, false
	}
	c := &Conn{lot: l, server: server, header: w.Header(), method: r.Method, last: r.Close, answered: make(chan struct{})}
	if !l.add(c) {
		return nil, false
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		l.drop(c)
		return nil, false
	}
	c.ctx, c.cancel = context.WithCancel(l.waits)
	l.park(c, conn)
	early, _ := buffered.Reader.Peek(buffered.Reader.Buffered()) // of what is there it fails with nothing
	go c.watch(slices.Clone(early))
	return c, true
}

// Len is how many requests wait for their answer.
func (l *Lot) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for c := range l.conns {
		if !c.rests {
			n++
		}
	}
	return n
}

// Shut closes the lot. It takes no more connections, and closes those that were answered and
// wait for their next request. Connections whose request still waits must be answered by
// those who took them; Shut returns when that is done, or with the error of ctx.
func (l *Lot) Shut(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	for c := range l.conns {
		if c.rests {
			_ = c.net.Close()
		}
	}
	l.mu.Unlock()
	over := make(chan struct{})
	go func() {
		l.gone.Wait()
		close(over)
	}()
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close closes the lot and every connection in it.
func (l *Lot) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed, l.cut = true, true
	for c := range l.conns {
		if c.net != nil {
			_ = c.net.Close()
		}
	}
}

func (l *Lot) add(c *Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.conns[c] = struct{}{}
	l.gone.Add(1)
	return true
}

func (l *Lot) park(c *Conn, conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b, ok := conn.(*begun); ok && len(b.early) == 0 {
		conn = b.Conn // or a connection would grow each time it comes back
	}
	c.net = conn
	if l.cut {
		_ = conn.Close()
	}
}

func (l *Lot) drop(c *Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
	l.gone.Done()
}

// rest says that a connection was answered; false: it has to be closed.
func (l *Lot) rest(c *Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.rests = true
	return !l.closed
}
