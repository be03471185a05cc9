package protocoltest

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/protocol"
)

// Frame is one thing that crosses the wire. Exactly one of the pointers is set.
type Frame struct {
	From     protocol.Side
	Execute  *comm.Execute  // the initiator begins or resumes
	Executed *comm.Executed // the servicer's end
	Said     *comm.Said     // messages in the middle
}

// Fate is what becomes of a frame.
type Fate int

// Fates of a frame. A hook that blocks delays the frame.
const (
	Deliver Fate = iota
	Drop         // it is lost, and the connection with it
	Twice        // it arrives twice
	Refuse       // the connection cannot be made: it surely did not arrive
)

// Wire carries frames between the operations of two nodes. Everything crosses
// it as JSON, so that nothing is shared but what a network would share. All
// operations share one connection; after a loss the next request makes a new one.
type Wire struct {
	prepare func(protocol.Execution) protocol.Execution

	mu                  sync.Mutex
	initiator, servicer *Node

	hook func(Frame) Fate
	now  *connection
}

// connection is closed when it is lost.
type connection struct{ lost chan struct{} }

func (c *connection) alive() bool {
	select {
	case <-c.lost:
		return false
	default:
		return true
	}
}

// connect is the present connection, or a new one.
func (w *Wire) connect() *connection {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.now == nil || !w.now.alive() {
		w.now = &connection{make(chan struct{})}
	}
	return w.now
}

func (w *Wire) lose(c *connection) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.alive() {
		close(c.lost)
	}
	return fault.New(fault.Unavailable, "the connection is lost").Because("connection-lost")
}

// OnFrame installs a hook that decides on each frame, nil for none. It is called
// on many goroutines.
func (w *Wire) OnFrame(hook func(Frame) Fate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hook = hook
}

// ends are the nodes that the wire connects.
func (w *Wire) ends() (initiator, servicer *Node) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.initiator, w.servicer
}

func (w *Wire) fate(f Frame) Fate {
	w.mu.Lock()
	hook := w.hook
	w.mu.Unlock()
	if hook == nil {
		return Deliver
	}
	return hook(f)
}

// ToServicer is the link of the initiator's operations.
func (w *Wire) ToServicer() protocol.Link { return toServicer{w} }

// ToInitiator is the link of the servicer's operations over the present
// connection.
func (w *Wire) ToInitiator() protocol.Link { return toInitiator{w, w.connect()} }

type toServicer struct{ w *Wire }

func (l toServicer) Execute(ctx context.Context, e comm.Execute) (comm.Executed, error) {
	conn := l.w.connect()
	fate := l.w.fate(Frame{From: protocol.Initiator, Execute: &e})
	switch {
	case fate == Refuse:
		return comm.Executed{}, fault.New(fault.Unavailable, "the peer cannot be reached")
	case fate == Drop, !conn.alive():
		return comm.Executed{}, l.w.lose(conn)
	}
	answers := make(chan comm.Executed, 2)
	serve := func() { answers <- l.w.serve(ctx, e, conn) }
	if fate == Twice {
		go serve()
	}
	go serve()
	select {
	case done := <-answers:
		if l.w.fate(Frame{From: protocol.Servicer, Executed: &done}) == Drop || !conn.alive() {
			return comm.Executed{}, l.w.lose(conn)
		}
		if done = copied(done); done.Again {
			return comm.Executed{}, done.Fault
		}
		return done, nil
	case <-conn.lost:
		return comm.Executed{}, l.w.lose(conn)
	case <-ctx.Done():
		return comm.Executed{}, fault.New(fault.Timeout, "no answer in time")
	}
}

func (l toServicer) Say(_ context.Context, s comm.Said) error {
	return l.w.say(protocol.Initiator, s, l.w.connect(), func(s comm.Said) {
		left, right := l.w.ends()
		right.Protocols.Hear(left.Self, s)
	})
}

type toInitiator struct {
	w    *Wire
	conn *connection
}

func (l toInitiator) Execute(context.Context, comm.Execute) (comm.Executed, error) {
	return comm.Executed{}, fault.New(fault.Denied, "a servicer must not begin an operation").Because("not-initiator")
}

func (l toInitiator) Say(_ context.Context, s comm.Said) error {
	return l.w.say(protocol.Servicer, s, l.conn, func(s comm.Said) {
		left, right := l.w.ends()
		left.Protocols.Hear(right.Self, s)
	})
}

func (w *Wire) say(from protocol.Side, s comm.Said, conn *connection, hear func(comm.Said)) error {
	if !conn.alive() {
		return w.lose(conn)
	}
	switch w.fate(Frame{From: from, Said: &s}) {
	case Drop, Refuse:
		return w.lose(conn)
	case Twice:
		hear(copied(s))
	}
	hear(copied(s))
	return nil
}

// serve runs the servicer's side as a controller does with the request.
func (w *Wire) serve(ctx context.Context, e comm.Execute, conn *connection) comm.Executed {
	e = copied(e)
	left, right := w.ends()
	r := protocol.Execution{
		Protocol: e.Call.Protocol, Peer: left.Self, Link: toInitiator{w, conn},
		Call: protocol.Call{Operation: e.Call.Operation, Class: classID(e), Args: e.Call.Args, Deadline: e.Call.Deadline},
	}
	if e.Call.Offer != nil {
		r.Offer = e.Call.Offer
		r.Call.Offer = offerBody(e.Call.Offer)
	}
	if w.prepare != nil {
		r = w.prepare(r)
	}
	return right.Protocols.Serve(ctx, r, e)
}

// copied sends v through its wire form.
func copied[T any](v T) T {
	var out T
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		panic("protocoltest: a frame does not survive JSON: " + err.Error())
	}
	return out
}
