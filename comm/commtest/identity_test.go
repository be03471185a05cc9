package commtest_test

import (
	"crypto/rand"
	"crypto/tls"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/commtest"
	"github.com/swaperoo/swaperoo/comm/websocket"
	"github.com/swaperoo/swaperoo/crypto"
)

// The identities that parties really have carry sessions.
func TestTransportWithIdentities(t *testing.T) {
	commtest.TestTransport(t, func(t testing.TB) commtest.World {
		return func(trust comm.Trust) commtest.Party {
			seed := make([]byte, 32)
			rand.Read(seed)
			id := crypto.NewIdentity(crypto.NewSecret(seed))
			server, err := crypto.ServerConfig(id, nil)
			if err != nil {
				t.Fatal(err)
			}
			return commtest.Party{
				Transport: websocket.New(websocket.Options{MaxFrame: 32 << 10, TLS: comm.Handshake{
					Key: id.KeyText(), Server: server, Trust: trust, KeyOf: crypto.PeerKeyText,
					Client: func(string) (*tls.Config, error) { return crypto.ClientConfig(id, nil) },
				}}),
				Key: id.KeyText(), Listen: comm.Address{Scheme: websocket.Scheme, Host: "127.0.0.1:0"},
				MaxFrame: 32 << 10,
			}
		}
	})
}
