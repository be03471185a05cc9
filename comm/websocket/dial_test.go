package websocket_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/commtest"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/websocket"
)

func TestWhyADialFails(t *testing.T) {
	answer := func(status int) func(t *testing.T) comm.Address {
		return func(t *testing.T) comm.Address {
			return httpServer(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		}
	}
	for _, row := range []struct {
		name   string
		server func(t *testing.T) comm.Address
		kind   fault.Kind
		reason fault.Reason
	}{
		{"silent on TCP", deafServer, fault.Unavailable, "peer-unreachable"},
		{"silent on HTTP", func(t *testing.T) comm.Address {
			return httpServer(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		}, fault.Unavailable, "peer-unreachable"},
		{"a web server", answer(http.StatusOK), fault.Unsupported, "not-a-session"},
		{"busy", answer(http.StatusServiceUnavailable), fault.Unavailable, "peer-busy"},
		{"forbidden", answer(http.StatusForbidden), fault.Denied, "identity-refused"},
		{"our key is refused", func(t *testing.T) comm.Address {
			o := newIdentity(t).options()
			o.TLSServer.VerifyConnection = func(tls.ConnectionState) error { return errors.New("not on the list") }
			return open(t, o, commtest.Echo()).Address()
		}, fault.Denied, "identity-refused"},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := newIdentity(t).options()
			if row.reason == "peer-unreachable" {
				o.Handshake = short
			}
			_, err := websocket.New(o).Dial(t.Context(), row.server(t), commtest.Echo())
			if fault.KindOf(err) != row.kind || fault.ReasonOf(err) != row.reason {
				t.Errorf("%v (%v, %q), want %v, %q", err, fault.KindOf(err), fault.ReasonOf(err), row.kind, row.reason)
			}
		})
	}
}

func TestACancelledDialEndsAtOnce(t *testing.T) {
	entered := make(chan struct{}, 1)
	address := httpServer(t, func(_ http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-entered
		cancel()
	}()
	_, err := websocket.New(newIdentity(t).options()).Dial(ctx, address, commtest.Echo())
	if fault.KindOf(err) != fault.Timeout {
		t.Errorf("error is %v", err)
	}
}

// A peer that is not the expected one must not learn who called.
func TestAWrongPeerDoesNotSeeOurKey(t *testing.T) {
	address, failed := strictServer(t)
	address.Key = newIdentity(t).Key
	_, err := websocket.New(newIdentity(t).options()).Dial(t.Context(), address, commtest.Echo())
	if fault.ReasonOf(err) != "peer-key-changed" {
		t.Errorf("error is %v", err)
	}
	if n := <-failed; n != 0 {
		t.Errorf("the peer saw %d certificates", n)
	}
}

// A person may think longer than any handshake lasts: meanwhile the unknown peer
// has seen the end of the connection, and nothing of us.
func TestTrustIsAskedWhileNothingIsOpen(t *testing.T) {
	address, failed := strictServer(t)
	o := newIdentity(t).options()
	o.Trust = func(context.Context, string, comm.Address) error {
		if n := <-failed; n != 0 {
			t.Errorf("the peer saw %d certificates", n)
		}
		return fault.New(fault.Denied, "no").Because("person-refused")
	}
	address.Key = ""
	if _, err := websocket.New(o).Dial(t.Context(), address, commtest.Echo()); fault.ReasonOf(err) != "person-refused" {
		t.Errorf("error is %v", err)
	}
}

// A wallet shows each vendor another identity, also at a first contact.
func TestEachPeerSeesItsOwnIdentity(t *testing.T) {
	identities := map[string]identity{}
	o := websocket.Options{
		KeyOf: commtest.KeyOf,
		Trust: func(context.Context, string, comm.Address) error { return nil },
		TLSClient: func(peer string) (*tls.Config, error) {
			if _, ok := identities[peer]; !ok {
				identities[peer] = newIdentity(t)
			}
			return identities[peer].Config(), nil
		},
	}
	for _, firstContact := range []bool{false, true} {
		seen := make(chan string, 1)
		door, err := websocket.New(newIdentity(t).options()).Listen(t.Context(), loopback, func(c comm.Conn) (comm.Handler, error) {
			seen <- c.Peer().Key
			return commtest.Echo(), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		defer door.Close()
		address := door.Address()
		vendor := address.Key
		if firstContact {
			address.Key = ""
		}
		dial(t, o, address, &commtest.Handler{})
		if got := <-seen; got != identities[vendor].Key {
			t.Errorf("first contact %v: the vendor saw the key %s", firstContact, got)
		}
	}
}

func TestAnIdentityThatIsLocked(t *testing.T) {
	o := newIdentity(t).options()
	o.TLSClient = func(string) (*tls.Config, error) { return nil, fault.New(fault.Locked, "the wallet is locked") }
	if _, err := websocket.New(o).Dial(t.Context(), deafServer(t), commtest.Echo()); fault.KindOf(err) != fault.Locked {
		t.Errorf("error is %v", err)
	}
}

// strictServer expects one handshake that its client gives up, and says how many
// certificates it has seen by then.
func strictServer(t *testing.T) (comm.Address, <-chan int) {
	t.Helper()
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = door.Close() })
	config := newIdentity(t).Config()
	failed := make(chan int, 1)
	go func() {
		conn, err := door.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		s := tls.Server(conn, config)
		if s.HandshakeContext(t.Context()) == nil {
			t.Error("the handshake was finished")
		}
		failed <- len(s.ConnectionState().PeerCertificates)
	}()
	return comm.Address{Scheme: websocket.Scheme, Host: door.Addr().String()}, failed
}
