package websocket_test

import (
	"errors"
	"net"
	"testing"

	gorilla "github.com/gorilla/websocket"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/commtest"
	"github.com/swaperoo/swaperoo/comm/websocket"
)

// identity is a party of these tests.
type identity struct{ commtest.Identity }

func newIdentity(t testing.TB) identity {
	t.Helper()
	return identity{commtest.NewIdentity(t)}
}

func (id identity) options() websocket.Options {
	return websocket.Options{TLS: id.Identity.Handshake(), Handshake: patience, Write: patience}
}

func TestWire(t *testing.T) {
	commtest.TestWire(t, commtest.Wire{
		New: func(s commtest.Settings) comm.Acceptor {
			return websocket.New(websocket.Options{
				TLS: s.TLS, MaxFrame: s.MaxFrame, Connections: s.Connections, Handshake: s.Handshake, Write: s.Write, Ping: s.Ping, Idle: s.Idle,
			})
		},
		Listen: func(*testing.T) comm.Address { return loopback },
		Line: func(t *testing.T, a comm.Address) net.Conn {
			line, err := net.Dial("tcp", a.Host)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = line.Close() })
			return line
		},
		Accept: bareServer,
		Client: func(t *testing.T, a comm.Address) commtest.Raw { return byHand(t, rawClient(t, a)) },
		Serve: func(t *testing.T, session func(commtest.Raw)) comm.Address {
			return rawServer(t, func(ws *gorilla.Conn) { session(byHand(t, ws)) })
		},
	})
}

// byHand is a session whose frames are written by hand.
func byHand(t *testing.T, ws *gorilla.Conn) commtest.Raw {
	return commtest.Raw{
		Send: func(message string) error { return ws.WriteMessage(gorilla.TextMessage, []byte(message)) },
		End: func() string {
			var closed *gorilla.CloseError
			if !errors.As(endOf(t, ws), &closed) || closed.Code != gorilla.ClosePolicyViolation {
				return ""
			}
			return closed.Text
		},
	}
}
