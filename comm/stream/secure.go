package stream

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/rpc"
)

// channel is a line on which both ends know what they can know of each other.
type channel struct {
	net.Conn
	key     string // the peer's; empty in clear
	binding []byte
}

var errNoWelcome = errors.New("the peer did not take us in")

// call is the dialler's side of everything up to a session.
func (t *Transport) call(ctx context.Context, on *turn, a comm.Address) (*rpc.Conn, error) {
	in := modeOf(a.Scheme)
	shared, err := on.hail(in)
	if err != nil {
		return nil, err
	}
	c := channel{on, "", shared[:]}
	if in == inTLS {
		config, err := t.o.TLS.Dialling(ctx, a, onLine)
		if err != nil {
			return nil, err
		}
		if c, err = t.secure(ctx, tls.Client(on, config)); err != nil {
			return nil, err
		}
	}
	r := bufio.NewReader(c)
	if k, _, err := readFrame(r, 0); err != nil {
		return nil, err
	} else if k != welcome {
		return nil, errNoWelcome
	}
	on.alone = true
	return t.conn(c, r, on, rpc.Initiator), nil
}

// receive is the servicer's side of the same, from a dialler's hello on.
func (t *Transport) receive(ctx context.Context, on *turn, m mark) (*rpc.Conn, error) {
	shared, err := on.receive(m)
	if err != nil {
		return nil, err
	}
	c := channel{on, "", shared[:]}
	if m.mode == inTLS {
		if c, err = t.secure(ctx, tls.Server(on, t.o.TLS.Accepting())); err != nil {
			return nil, err
		}
	}
	if _, err := c.Write(frameOf(welcome, nil)); err != nil {
		return nil, err
	}
	return t.conn(c, bufio.NewReader(c), on, rpc.Servicer), nil
}

// secure makes the handshake. Its end is the end of the turn: there is nobody to
// talk to in another way.
func (t *Transport) secure(ctx context.Context, c *tls.Conn) (channel, error) {
	if err := c.HandshakeContext(ctx); err != nil {
		return channel{}, err
	}
	key, binding, err := t.o.TLS.Proved(c.ConnectionState(), onLine)
	return channel{c, key, binding}, err
}

func (t *Transport) conn(c channel, r *bufio.Reader, on *turn, side rpc.Side) *rpc.Conn {
	return rpc.New(newSession(c, r, on, t.o, t.room), rpc.Options{
		Side: side, Peer: comm.Peer{Key: c.key}, Binding: c.binding,
		MaxFrame: t.o.MaxFrame,
	})
}

// onLine is the peer, for people: a line has no name of its own.
const onLine = "the peer on this line"

// InClear says whether lines of a scheme run without TLS.
func InClear(scheme string) bool { return scheme == SerialClear || scheme == StdioClear }

func modeOf(scheme string) mode {
	if InClear(scheme) {
		return inClear
	}
	return inTLS
}
