package websocket_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/websocket"
)

// patience bounds what only a defect would let hang.
const patience = time.Minute

// rawClient speaks the wire by hand to a real listener.
func rawClient(t *testing.T, a comm.Address) *gorilla.Conn {
	t.Helper()
	ws, _, err := handshake(a, newIdentity(t).Config(), http.Header{}, websocket.Subprotocol)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ws.Close() })
	return ws
}

func handshake(a comm.Address, c *tls.Config, h http.Header, subprotocols ...string) (*gorilla.Conn, *http.Response, error) {
	d := gorilla.Dialer{TLSClientConfig: c, Subprotocols: subprotocols, HandshakeTimeout: patience}
	return d.Dial("wss://"+a.Host+a.Path, h)
}

// rawServer runs serve for each connection that a real dialler makes; the
// address carries its key.
func rawServer(t *testing.T, serve func(*gorilla.Conn)) comm.Address {
	t.Helper()
	return httpServer(t, func(w http.ResponseWriter, r *http.Request) {
		u := gorilla.Upgrader{Subprotocols: []string{websocket.Subprotocol}}
		ws, err := u.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer ws.Close()
		serve(ws)
	})
}

func httpServer(t *testing.T, h http.HandlerFunc) comm.Address {
	t.Helper()
	id := newIdentity(t)
	s := httptest.NewUnstartedServer(h)
	s.TLS = id.Config()
	s.StartTLS()
	t.Cleanup(s.Close)
	return comm.Address{Scheme: websocket.Scheme, Host: s.Listener.Addr().String(), Path: "/", Key: id.Key}
}

// deafServer takes TCP connections and says nothing.
func deafServer(t *testing.T) comm.Address {
	t.Helper()
	a := bareServer(t, func(line net.Conn) { _, _ = io.Copy(io.Discard, line) })
	a.Key = "KEY"
	return a
}

// bareServer runs serve for each TCP connection.
func bareServer(t *testing.T, serve func(net.Conn)) comm.Address {
	t.Helper()
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = door.Close() })
	go func() {
		for {
			line, err := door.Accept()
			if err != nil {
				return
			}
			go func() {
				defer line.Close()
				serve(line)
			}()
		}
	}()
	return comm.Address{Scheme: websocket.Scheme, Host: door.Addr().String()}
}

// endOf reads until the other side has ended the connection, and fails if it
// does not. The error says how it ended.
func endOf(t *testing.T, ws *gorilla.Conn) error {
	t.Helper()
	if err := ws.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
				t.Fatal("the connection was not ended")
			}
			return err
		}
	}
}

func dial(t *testing.T, o websocket.Options, a comm.Address, h comm.Handler) comm.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := websocket.New(o).Dial(ctx, a, h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
