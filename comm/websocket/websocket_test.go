package websocket_test

import (
	"context"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/commtest"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/websocket"
)

var loopback = comm.Address{Scheme: websocket.Scheme, Host: "127.0.0.1:0"}

func TestTransport(t *testing.T) {
	commtest.TestTransport(t, func(t testing.TB) commtest.World {
		return func(trust comm.Trust) commtest.Party {
			id := newIdentity(t)
			o := id.options()
			o.TLS.Trust, o.MaxFrame = trust, 64<<10
			return commtest.Party{
				Transport: websocket.New(o), Key: id.Key, Listen: loopback,
				MaxFrame: o.MaxFrame,
			}
		}
	})
}

func TestAddressesThatCannotBe(t *testing.T) {
	full := newIdentity(t).options()
	bare := full
	bare.TLS.Client, bare.TLS.Server = nil, nil
	for _, row := range []struct {
		name    string
		options websocket.Options
		address comm.Address
		dial    fault.Kind
		listen  fault.Kind
	}{
		{"in clear", full, comm.Address{Scheme: "ws", Host: "127.0.0.1:0"}, fault.Invalid, fault.Invalid},
		{"no host", full, comm.Address{Scheme: "wss", Path: "/x"}, fault.Invalid, fault.Invalid},
		{"no such port", full, comm.Address{Scheme: "wss", Host: "127.0.0.1:port"}, fault.Unavailable, fault.Conflict},
		{"no identity", bare, loopback, fault.Unsupported, fault.Unsupported},
	} {
		t.Run(row.name, func(t *testing.T) {
			transport := websocket.New(row.options)
			if _, err := transport.Dial(t.Context(), row.address, commtest.Echo()); fault.KindOf(err) != row.dial {
				t.Errorf("dial: %v", err)
			}
			_, err := transport.Listen(t.Context(), row.address, func(comm.Conn) (comm.Handler, error) { return commtest.Echo(), nil })
			if fault.KindOf(err) != row.listen {
				t.Errorf("listen: %v", err)
			}
		})
	}
}

func TestAPortIsTakenOnce(t *testing.T) {
	door := open(t, newIdentity(t).options(), commtest.Echo())
	address := door.Address()
	_, err := websocket.New(newIdentity(t).options()).Listen(t.Context(), address,
		func(comm.Conn) (comm.Handler, error) { return commtest.Echo(), nil })
	if fault.ReasonOf(err) != "address-taken" {
		t.Errorf("second listener: %v", err)
	}
}

// open listens until the end of the test.
func open(t testing.TB, o websocket.Options, h comm.Handler) comm.Listener {
	t.Helper()
	door, err := websocket.New(o).Listen(context.Background(), loopback, func(comm.Conn) (comm.Handler, error) { return h, nil })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = door.Close() })
	return door
}

func BenchmarkCall(b *testing.B) {
	door := open(b, newIdentity(b).options(), commtest.Echo())
	conn, err := websocket.New(newIdentity(b).options()).Dial(b.Context(), door.Address(), &commtest.Handler{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	commtest.BenchmarkCall(b, conn)
}
