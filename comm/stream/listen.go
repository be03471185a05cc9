package stream

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/rpc"
)

// Listen implements comm.Acceptor. At a unix socket many sessions run at the same
// time; a serial line has one after the other; a pipe has one, and its end is the
// end of the listener. Peers prove their key in the handshake; whether they are
// welcome is for accept to decide.
func (t *Transport) Listen(ctx context.Context, a comm.Address, accept func(comm.Conn) (comm.Handler, error)) (comm.Listener, error) {
	at := a
	at.Key = "" // ours, whatever it says
	if err := t.allowed(at); err != nil {
		return nil, err
	}
	if at.Scheme == Unix {
		if path, err := filepath.Abs(at.Path); err == nil { // others may be in other folders
			at.Path = path
		}
	}
	if modeOf(a.Scheme) == inTLS {
		if t.o.TLS.Server == nil || t.o.TLS.KeyOf == nil {
			return nil, fault.New(fault.Unsupported, "this party cannot listen at %s addresses", a.Scheme).Because("identity-missing")
		}
		at.Key = t.o.TLS.Key
	}
	inside, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l := &listener{t: t, address: at, accept: accept, inside: inside, cancel: cancel, done: make(chan struct{})}
	if err := l.open(ctx); err != nil {
		cancel()
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stop = context.AfterFunc(ctx, func() { _ = l.Close() })
	return l, nil
}

// listener is an open socket, or our end of a line.
type listener struct {
	t        *Transport
	address  comm.Address
	accept   func(comm.Conn) (comm.Handler, error)
	inside   context.Context // ends with the listener
	cancel   context.CancelFunc
	accepted rpc.Accepted
	parts    sync.WaitGroup // what accepts, and lines until they are sessions
	done     chan struct{}
	mu       sync.Mutex
	stop     func() bool // ends the watch over the context of Listen
}

// Address implements comm.Listener.
func (l *listener) Address() comm.Address { return l.address }

// Done is closed when nobody can come any more: after Close, and when a pipe has
// ended.
func (l *listener) Done() <-chan struct{} { return l.done }

// Close implements comm.Listener. It waits for the handlers of the connections,
// so none of them may call it.
func (l *listener) Close() error {
	l.mu.Lock()
	stop := l.stop
	l.mu.Unlock()
	stop()
	l.cancel()
	l.accepted.Close()
	l.parts.Wait()
	return nil
}

func (l *listener) open(ctx context.Context) error {
	if l.address.Scheme == Unix {
		door, err := listenUnix(ctx, l.address.Path)
		if err != nil {
			return err
		}
		l.parts.Go(func() { l.sockets(door) })
		return nil
	}
	first, err := l.t.open(ctx, l.address)
	if err != nil {
		return err
	}
	l.parts.Go(func() { l.lines(first) })
	return nil
}

// sockets accepts connections until the listener is closed. One too many is
// closed at once: a peer that cannot be served learns it now.
func (l *listener) sockets(door net.Listener) {
	defer close(l.done)
	stop := context.AfterFunc(l.inside, func() { _ = door.Close() })
	defer stop()
	room := make(chan struct{}, l.t.o.Connections)
	for {
		conn, err := door.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // such as too many open files: it may be over soon
			l.pause(100 * time.Millisecond)
			continue
		}
		select {
		case room <- struct{}{}:
			l.parts.Go(func() {
				_ = l.session(&line{pipe: conn}, true)
				_ = conn.Close()
				<-room
			})
		default:
			_ = conn.Close()
		}
	}
}

// lines serves one session after the other on our end of a line. A serial device
// that has gone is waited for; a pipe that has gone is the end.
func (l *listener) lines(on *line) {
	defer close(l.done)
	for {
		l.serve(on)
		on.close()
		for on = nil; on == nil; {
			if l.address.Scheme == Stdio || l.address.Scheme == StdioClear || !l.pause(time.Second) {
				return
			}
			on, _ = l.t.open(l.inside, l.address) // why it is not there changes nothing
		}
	}
}

// serve serves the sessions of a line until it ends.
func (l *listener) serve(on *line) {
	pipe := l.address.Scheme == Stdio || l.address.Scheme == StdioClear
	for {
		err := l.session(on, false)
		var ended *lineEnd
		if l.inside.Err() != nil || errors.As(err, &ended) || err == nil && pipe {
			return
		}
	}
}

// lineEnd says that a line has ended while nobody spoke on it.
type lineEnd struct{ cause error }

func (e *lineEnd) Error() string { return "the line has ended: " + e.cause.Error() }

// session serves one session from its hello to its end. The limit on what comes
// before it counts from the hello, at a socket from the beginning.
func (l *listener) session(on *line, socket bool) error {
	turn := on.take(l.t.o, hello)
	defer turn.end()
	stop := context.AfterFunc(l.inside, turn.cut)
	defer stop()
	in := modeOf(l.address.Scheme)
	limit := time.AfterFunc(l.t.o.Handshake, turn.cut)
	defer limit.Stop()
	if !socket {
		limit.Stop()
		if _, err := turn.Write(mark{mode: in, verb: nobody}.bytes()); err != nil {
			return &lineEnd{err}
		}
	}
	m, err := turn.await(in)
	if err != nil {
		return &lineEnd{err}
	}
	if !socket {
		limit.Reset(l.t.o.Handshake)
	}
	conn, err := l.t.receive(l.inside, turn, m)
	if err != nil {
		return err
	}
	if !limit.Stop() { // it was cut in between
		_ = conn.Close()
		<-conn.Done()
		return errNoWelcome
	}
	stop() // from now on Close lets it end in order
	l.accepted.Serve(conn, l.accept)
	<-conn.Done()
	return nil
}

// pause waits, or less if the listener is closed.
func (l *listener) pause(d time.Duration) (open bool) {
	wait := time.NewTimer(d)
	defer wait.Stop()
	select {
	case <-wait.C:
		return true
	case <-l.inside.Done():
		return false
	}
}
