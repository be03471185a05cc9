package stream

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/rpc"
)

// channel is a line on which both ends know what they can know of each other.
type channel struct {
	net.Conn
	key     string // the peer's; empty in clear
	binding []byte
}

// stranger ends the handshake with a peer whose key nobody has named.
type stranger struct{ key string }

func (*stranger) Error() string { return "the key of the peer is unknown" }

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
		config, err := t.clientConfig(ctx, a)
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
		if c, err = t.secure(ctx, tls.Server(on, t.serverConfig())); err != nil {
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
	state := c.ConnectionState()
	key, err := t.o.KeyOf(state)
	if err != nil {
		return channel{}, withoutKey(err)
	}
	binding, err := state.ExportKeyingMaterial(bindingLabel, nil, 32)
	if err != nil {
		return channel{}, fault.Wrap(err, fault.Unsupported, "this connection cannot be told from others").Because("binding-missing")
	}
	return channel{c, key, binding}, nil
}

func (t *Transport) conn(c channel, r *bufio.Reader, on *turn, side rpc.Side) *rpc.Conn {
	return rpc.New(newSession(c, r, on, t.o), rpc.Options{
		Side: side, Peer: comm.Peer{Key: c.key}, Binding: c.binding,
		MaxFrame: t.o.MaxFrame, Requests: t.o.Requests,
	})
}

func (t *Transport) serverConfig() *tls.Config {
	c := t.o.TLSServer.Clone()
	c.MinVersion = tls.VersionTLS13
	c.NextProtos = nil
	c.ClientAuth = max(c.ClientAuth, tls.RequireAnyClientCert)
	c.SessionTicketsDisabled = true // a resumed handshake would prove nothing new
	return c
}

// clientConfig adds our question about the key to the caller's configuration.
func (t *Transport) clientConfig(ctx context.Context, a comm.Address) (*tls.Config, error) {
	config, err := t.o.TLSClient(a.Key)
	if err != nil {
		return nil, fault.From(err)
	}
	c := config.Clone()
	c.MinVersion = tls.VersionTLS13
	c.NextProtos = nil
	c.ClientSessionCache = nil
	others := c.VerifyConnection
	c.VerifyConnection = func(state tls.ConnectionState) error {
		if others != nil {
			if err := others(state); err != nil {
				return err
			}
		}
		key, err := t.o.KeyOf(state)
		if err != nil {
			return withoutKey(err)
		}
		if a.Key == "" {
			return &stranger{key: key}
		}
		return t.o.Trust.Check(ctx, key, a)
	}
	return c, nil
}

func withoutKey(err error) error {
	return fault.Wrap(err, fault.Denied, "the peer on this line shows no identity key").Because("peer-without-key")
}

// InClear says whether lines of a scheme run without TLS.
func InClear(scheme string) bool { return scheme == SerialClear || scheme == StdioClear }

func modeOf(scheme string) mode {
	if InClear(scheme) {
		return inClear
	}
	return inTLS
}
