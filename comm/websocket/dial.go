package websocket

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"

	"github.com/gorilla/websocket"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/rpc"
)

// Dial implements comm.Transport. The key is looked at within the handshake,
// before the peer learns who we are. A peer that cannot be reached, or is too
// slow, is fault.Unavailable; one that refuses us is fault.Denied.
func (t *Transport) Dial(ctx context.Context, a comm.Address, h comm.Handler) (comm.Conn, error) {
	if t.o.TLSClient == nil || t.o.KeyOf == nil {
		return nil, fault.New(fault.Unsupported, "this party does not dial %s addresses", Scheme).Because("identity-missing")
	}
	if a.Scheme != Scheme || a.Host == "" {
		return nil, fault.New(fault.Invalid, "%q is not an address of a WebSocket peer", a).
			Because("address-malformed").WithHint("write it like wss://host:port/#KEY")
	}
	conn, err := t.dial(ctx, a, h)
	var stranger *stranger
	if !errors.As(err, &stranger) {
		return conn, err
	}
	if err := t.o.Trust.Check(ctx, stranger.key, a); err != nil {
		return nil, err
	}
	a.Key = stranger.key
	return t.dial(ctx, a, h)
}

// stranger ends a handshake with a peer whose key nobody has named yet.
type stranger struct{ key string }

func (*stranger) Error() string { return "the key of the peer is unknown" }

func (t *Transport) dial(ctx context.Context, a comm.Address, h comm.Handler) (comm.Conn, error) {
	within, cancel := context.WithTimeout(ctx, 2*t.o.Handshake)
	defer cancel()
	var state tls.ConnectionState
	d := websocket.Dialer{
		Subprotocols: []string{Subprotocol},
		NetDialTLSContext: func(ctx context.Context, network, host string) (net.Conn, error) {
			conn, err := t.dialTLS(ctx, a, network, host)
			if err != nil {
				return nil, err
			}
			state = conn.ConnectionState()
			// The library heeds only the deadline of a context, not its end.
			context.AfterFunc(within, func() {
				if within.Err() != nil && ctx.Err() != nil {
					_ = conn.NetConn().Close()
				}
			})
			return conn, nil
		},
	}
	target := url.URL{Scheme: Scheme, Host: a.Host, Path: path(a)}
	ws, answer, err := d.DialContext(within, target.String(), nil)
	if err != nil {
		return nil, t.refusal(ctx, a, answer, err)
	}
	_ = ws
	return nil, nil
}

var _ = http.StatusOK
var _ = rpc.Initiator
