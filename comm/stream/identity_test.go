package stream_test

import (
	"net"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/commtest"
	"github.com/swaperoo/swaperoo/comm/stream"
)

// identity is a party of these tests.
type identity struct{ commtest.Identity }

func newIdentity(t testing.TB) identity {
	t.Helper()
	return identity{commtest.NewIdentity(t)}
}

func (id identity) options() stream.Options {
	return stream.Options{TLS: id.Identity.Handshake(), Handshake: patience, Write: patience}
}

func TestWire(t *testing.T) {
	commtest.TestWire(t, commtest.Wire{
		New: func(s commtest.Settings) comm.Acceptor {
			return stream.New(stream.Options{
				TLS: s.TLS, MaxFrame: s.MaxFrame, Connections: s.Connections, Handshake: s.Handshake, Write: s.Write, Ping: s.Ping, Idle: s.Idle,
			})
		},
		Listen: func(t *testing.T) comm.Address { return comm.Address{Scheme: stream.Unix, Path: socket(t)} },
		Line:   dialled,
		Hail:   func(line net.Conn) error { return hail(line, 't') },
		Accept: func(t *testing.T, serve func(net.Conn)) comm.Address {
			a := bareServer(t, func(line net.Conn) {
				must(t, greet(line, 't'))
				serve(line)
			})
			a.Key = ""
			return a
		},
		Client: func(t *testing.T, a comm.Address) commtest.Raw {
			c, _ := rawClient(t, a)
			return byHand(t, c)
		},
		Serve: func(t *testing.T, session func(commtest.Raw)) comm.Address {
			return rawServer(t, func(c net.Conn) { session(byHand(t, c)) })
		},
	})
}

// byHand is a session within TLS whose frames are written by hand.
func byHand(t *testing.T, c net.Conn) commtest.Raw {
	return commtest.Raw{
		Send: func(message string) error {
			_, err := c.Write(frameOf('m', message))
			return err
		},
		End: func() string { return endOf(t, c) },
	}
}
