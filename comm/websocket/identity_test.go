package websocket_test

import (
	"crypto/tls"
	"testing"

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
	return websocket.Options{
		Key: id.Key, TLSServer: id.Config(), KeyOf: commtest.KeyOf,
		TLSClient: func(string) (*tls.Config, error) { return id.Config(), nil },
		Handshake: patience, Write: patience,
	}
}
