package websocket

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gorilla/websocket"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/rpc"
)

// Dial implements comm.Transport. The key is looked at within the handshake,
// before the peer learns who we are. A peer that cannot be reached, or is too
// slow, is fault.Unavailable; one that refuses us is fault.Denied.
func (t *Transport) Dial(ctx context.Context, a comm.Address, h comm.Handler) (comm.Conn, error) {
	if t.o.TLS.Client == nil || t.o.TLS.KeyOf == nil {
		return nil, fault.New(fault.Unsupported, "this party does not dial %s addresses", Scheme).Because("identity-missing")
	}
	if err := t.Reaches(a); err != nil {
		return nil, err
	}
	ws, state, err := t.connect(ctx, a)
	if unknown, ok := errors.AsType[*comm.Stranger](err); ok {
		if err := t.o.TLS.Trust.Check(ctx, unknown.Key, a); err != nil {
			return nil, err
		}
		a.Key = unknown.Key
		ws, state, err = t.connect(ctx, a)
	}
	if err != nil {
		return nil, err
	}
	conn, err := t.conn(ws, state, rpc.Initiator)
	if err != nil {
		_ = ws.Close()
		return nil, err
	}
	conn.Start(h)
	return conn, nil
}

// Reaches implements comm.Reaching: an address has a host, and a port that there is.
func (t *Transport) Reaches(a comm.Address) error {
	host, port := place(a)
	if n, err := strconv.ParseUint(port, 10, 16); a.Scheme != Scheme || host == "" || err != nil || n == 0 {
		return fault.New(fault.Invalid, "%s is not the address of a WebSocket peer: it has a host, and a port from 1 to 65535", a).
			Because("address-malformed").WithHint("write it as its `serve` prints it, such as wss://host:port/#KEY")
	}
	return nil
}

// place is where an address is.
func place(a comm.Address) (host, port string) {
	u := url.URL{Host: a.Host}
	return u.Hostname(), cmp.Or(u.Port(), "443")
}

// connect does both handshakes within one time limit.
func (t *Transport) connect(ctx context.Context, a comm.Address) (*websocket.Conn, tls.ConnectionState, error) {
	within, cancel := context.WithTimeout(ctx, t.o.Handshake)
	defer cancel()
	conn, err := t.connectTLS(within, a)
	if err != nil {
		return nil, tls.ConnectionState{}, refusal(ctx, a, nil, err)
	}
	// The library heeds the deadline of a context, not that it is cancelled.
	stop := context.AfterFunc(within, func() { _ = conn.NetConn().Close() })
	ws, answer, err := t.upgrade(within, a, conn) //nolint:bodyclose // the library has read it and closed nothing that is open
	stop()
	if err == nil && within.Err() != nil {
		_ = ws.Close()
		err = within.Err()
	}
	if err != nil {
		return nil, tls.ConnectionState{}, refusal(ctx, a, answer, err)
	}
	return ws, conn.ConnectionState(), nil
}

func (t *Transport) connectTLS(ctx context.Context, a comm.Address) (*tls.Conn, error) {
	config, err := t.o.TLS.Dialling(ctx, a, "the peer at "+a.Host)
	if err != nil {
		return nil, err
	}
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(place(a)))
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return conn, nil
}

func (t *Transport) upgrade(ctx context.Context, a comm.Address, conn net.Conn) (*websocket.Conn, *http.Response, error) {
	d := websocket.Dialer{
		Subprotocols:      []string{Subprotocol},
		NetDialTLSContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil },
	}
	target := url.URL{Scheme: Scheme, Host: a.Host, Path: path(a)}
	ws, answer, err := d.DialContext(ctx, target.String(), nil)
	if err != nil {
		_ = conn.Close()
		return nil, answer, err
	}
	if ws.Subprotocol() != Subprotocol {
		_ = ws.Close()
		return nil, answer, websocket.ErrBadHandshake
	}
	return ws, answer, nil
}

// refusal says why there is no connection.
func refusal(ctx context.Context, a comm.Address, answer *http.Response, err error) error {
	var known *fault.Fault
	var unknown *comm.Stranger
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &unknown):
		return unknown
	case ctx.Err() != nil:
		return fault.Late(ctx.Err(), "no connection to %s in time", a.Host).Because("dial-timeout")
	case errors.Is(err, websocket.ErrBadHandshake) && answer != nil && answer.StatusCode == http.StatusServiceUnavailable:
		return fault.New(fault.Unavailable, "the peer at %s takes no more sessions now", a.Host).Because("peer-busy")
	case errors.Is(err, websocket.ErrBadHandshake) && answer != nil && answer.StatusCode == http.StatusForbidden:
		return fault.New(fault.Denied, "the peer at %s refuses us", a.Host).Because("identity-refused")
	case errors.Is(err, websocket.ErrBadHandshake):
		return fault.New(fault.Unsupported, "%s speaks no sessions that we know", a.Host).Because("not-a-session")
	}
	if ended := comm.HandshakeEnded(err, "the peer at "+a.Host); ended != nil {
		return ended
	}
	return fault.Wrap(err, fault.Unavailable, "the peer at %s cannot be reached", a.Host).
		Because("peer-unreachable").WithHint("check the address, and that the peer is running")
}
