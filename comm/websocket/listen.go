package websocket

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"

	"github.com/gorilla/websocket"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/rpc"
)

// Listen implements comm.Acceptor. Port 0 takes a free one. Peers prove their
// key in the handshake; whether they are welcome is for accept to decide.
func (t *Transport) Listen(ctx context.Context, a comm.Address, accept func(comm.Conn) (comm.Handler, error)) (comm.Listener, error) {
	if t.o.TLS.Server == nil || t.o.TLS.KeyOf == nil {
		return nil, fault.New(fault.Unsupported, "this party cannot listen at %s addresses", Scheme).Because("identity-missing")
	}
	if a.Scheme != Scheme || a.Host == "" {
		return nil, fault.New(fault.Invalid, "%s is no address to listen at", a).
			Because("address-malformed").WithHint("write it like wss://127.0.0.1:0/")
	}
	door, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.Host)
	if err != nil {
		return nil, fault.Wrap(err, fault.Conflict, "nobody can listen at %s: it is taken, or not of this machine", a.Host).
			Because("address-taken")
	}
	l := &listener{
		t: t, accept: accept,
		address: comm.Address{Scheme: Scheme, Host: door.Addr().String(), Path: path(a), Key: t.o.TLS.Key},
	}
	l.server = &http.Server{
		Handler:           l,
		ReadHeaderTimeout: t.o.Handshake, // bounds the TLS handshake as well
		ReadTimeout:       t.o.Handshake,
		WriteTimeout:      t.o.Handshake,
		IdleTimeout:       t.o.Handshake,
		MaxHeaderBytes:    16 << 10,
		ConnState:         l.count,
		ErrorLog:          log.New(io.Discard, "", 0), // failed handshakes are anybody's to make
	}
	l.server.SetKeepAlivesEnabled(false)
	served := tls.NewListener(comm.Places{All: t.o.Connections, Each: t.o.PerAddress}.Of(door), t.o.TLS.Accepting())
	l.parts.Go(func() { _ = l.server.Serve(served) })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stop = context.AfterFunc(ctx, func() { _ = l.Close() })
	return l, nil
}

// listener is an open port.
type listener struct {
	t        *Transport
	address  comm.Address
	accept   func(comm.Conn) (comm.Handler, error)
	server   *http.Server
	accepted rpc.Accepted
	parts    sync.WaitGroup // the server and its connections until they are sessions
	mu       sync.Mutex
	stop     func() bool // ends the watch over the context
}

// Address implements comm.Listener.
func (l *listener) Address() comm.Address { return l.address }

// Close implements comm.Listener. It waits for the handlers of the connections,
// so none of them may call it.
func (l *listener) Close() error {
	l.mu.Lock()
	stop := l.stop
	l.mu.Unlock()
	stop()
	_ = l.server.Close() // its error is that of a port that is closed anyway
	l.parts.Wait()
	l.accepted.Close()
	return nil
}

// count keeps parts. The server calls it for each change of a connection's
// state, with StateNew before it accepts the next one.
func (l *listener) count(_ net.Conn, s http.ConnState) {
	switch s {
	case http.StateNew:
		l.parts.Add(1)
	case http.StateClosed, http.StateHijacked:
		l.parts.Done()
	}
}

// ServeHTTP makes a session of a request. Browsers name an origin: no page may
// speak in the name of the person in front of it.
func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.parts.Add(1)
	defer l.parts.Done()
	if r.URL.Path != l.address.Path {
		http.NotFound(w, r)
		return
	}
	if _, err := l.t.o.TLS.KeyOf(*r.TLS); err != nil {
		http.Error(w, "no identity key", http.StatusForbidden)
		return
	}
	if !slices.Contains(websocket.Subprotocols(r), Subprotocol) {
		http.Error(w, "the subprotocol is "+Subprotocol, http.StatusBadRequest)
		return
	}
	u := websocket.Upgrader{
		HandshakeTimeout: l.t.o.Handshake,
		ReadBufferSize:   idleBuffer,
		WriteBufferPool:  &l.t.buffers,
		Subprotocols:     []string{Subprotocol},
		CheckOrigin:      func(r *http.Request) bool { return r.Header["Origin"] == nil },
	}
	ws, err := u.Upgrade(w, r, nil)
	if err != nil {
		return // the library has answered
	}
	conn, err := l.t.conn(ws, *r.TLS, rpc.Servicer)
	if err != nil {
		_ = ws.Close()
		return
	}
	l.accepted.Serve(conn, l.accept)
}

// conn makes a session's connection of a WebSocket; state is that of its TLS.
func (t *Transport) conn(ws *websocket.Conn, state tls.ConnectionState, side rpc.Side) (*rpc.Conn, error) {
	key, binding, err := t.o.TLS.Proved(state, "the peer")
	if err != nil {
		return nil, err
	}
	return rpc.New(newStream(ws, t.o, t.room, t.intake), rpc.Options{
		Side: side, Peer: comm.Peer{Key: key}, Binding: binding,
		MaxFrame: t.o.MaxFrame,
	}), nil
}
