package rpc

import (
	"cmp"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// Conn is a connection over a Stream. It implements comm.Conn, comm.Bound,
// comm.Introduced and comm.Spelling.
type Conn struct {
	stream   Stream
	side     Side
	peer     atomic.Pointer[comm.Peer]
	binding  []byte
	maxFrame int
	maxOpen  int64

	lib      *jsonrpc2.Conn
	outgoing outgoing       // the message being written; belongs to whoever holds the library's lock for that
	current  *frame         // the frame being handled; belongs to the goroutine that reads
	calls    atomic.Int64   // requests of ours without an answer, also those nobody waits for any more
	serving  atomic.Int64   // requests of the peer that are running
	running  sync.WaitGroup // their goroutines

	started chan struct{} // closed when there is a handler
	ended   chan struct{} // closed when nothing more is sent or handled
	done    chan struct{} // closed after the handler was told
	ending  sync.Once
	cause   error // why it ended; read after ended

	mu      sync.Mutex
	handler comm.Handler
	over    bool // too late for a handler
}

// New makes a connection, which sends at once but handles nothing until Start.
func New(s Stream, o Options) *Conn {
	c := &Conn{
		stream: s, side: o.Side, binding: o.Binding, maxFrame: cmp.Or(o.MaxFrame, MaxFrame), maxOpen: int64(cmp.Or(o.Requests, MaxRequests)),
		started: make(chan struct{}), ended: make(chan struct{}),
		done: make(chan struct{}),
	}
	c.peer.Store(&o.Peer)
	c.lib = jsonrpc2.NewConn(context.Background(), objects{c}, serving{c},
		jsonrpc2.OnRecv(c.answered), jsonrpc2.OnSend(func(r *jsonrpc2.Request, a *jsonrpc2.Response) { c.outgoing = outgoing{r, a} }), jsonrpc2.SetLogger(silent{}))
	return c
}

// Start gives the connection its handler. It is called once, unless the
// connection is closed instead.
func (c *Conn) Start(h comm.Handler) {
	c.mu.Lock()
	over := c.over
	c.handler = h
	c.mu.Unlock()
	if over {
		h.Closed(c)
		return
	}
	close(c.started)
}

// Done is closed after the handler's Closed has returned: then no goroutine of
// the connection is left.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Peer implements comm.Conn.
func (c *Conn) Peer() comm.Peer { return *c.peer.Load() }

// Introduce implements comm.Introduced.
func (c *Conn) Introduce(name string, role comm.Role) {
	p := c.Peer()
	p.Name, p.Role = name, role
	c.peer.Store(&p)
}

// Spells implements comm.Spelling.
func (c *Conn) Spells() {}

// Binding implements comm.Bound. It is nil where the transport has none.
func (c *Conn) Binding() []byte { return c.binding }

// Close implements comm.Conn. What was sent before is still delivered if the
// peer reads it in time. Requests that are running get their context cancelled.
func (c *Conn) Close() error {
	c.end(io.EOF)
	return nil
}

// end stops sending and handling for a cause; the first one counts.
func (c *Conn) end(cause error) {
	c.ending.Do(func() {
		c.cause = cause
		close(c.ended)
		_ = c.stream.Close(reasonOf(cause)) // its end is seen by the reader
	})
	_ = c.lib.Close() // fails the calls in flight; a second time it does nothing
}

// farewell tells the handler that all is over, when the stream is and no request
// runs any more.
func (c *Conn) farewell() {
	c.running.Wait()
	c.mu.Lock()
	h := c.handler
	c.over = true
	c.mu.Unlock()
	if h != nil {
		h.Closed(c)
	}
	close(c.done)
}

// reasonOf is the word for the peer: empty for ends that are not its fault.
func reasonOf(cause error) string {
	if b, is := breachOf(cause); is {
		return b.Word
	}
	return ""
}

// lost is the error of everything that the end of the connection cut off.
func (c *Conn) lost() error {
	<-c.ended
	if b, is := breachOf(c.cause); is {
		return fault.Wrap(c.cause, fault.Unavailable, "%s %s: this side has ended the connection", c.name(), b.Did).Because(comm.ReasonConnectionLost).
			WithHint("tell whoever runs it: trying again helps only if it was an accident")
	}
	return fault.Wrap(c.cause, fault.Unavailable, "the connection to %s is lost", c.name()).Because(comm.ReasonConnectionLost)
}

func (c *Conn) name() string {
	switch p := c.Peer(); {
	case p.Name != "":
		return p.Name
	case p.Key != "":
		return p.Key
	}
	return "the peer"
}

// written reads what the library says about a message that it should send.
func (c *Conn) written(err error) error {
	var f *fault.Fault
	if err == nil || errors.As(err, &f) {
		return err
	}
	return c.lost()
}

// silent drops what the library would log: the cause of an end is in the error
// of each call that it cut off.
type silent struct{}

func (silent) Printf(string, ...any) {}
