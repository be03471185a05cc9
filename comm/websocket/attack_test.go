package websocket_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/commtest"
	"github.com/swaperoo/swaperoo/comm/websocket"
)

// short is a limit that a test waits for; nothing depends on how exact it is.
const short = 50 * time.Millisecond

func TestASlowHandshakeIsCut(t *testing.T) {
	id := newIdentity(t)
	o := id.options()
	o.Handshake = short
	address := open(t, o, commtest.Echo()).Address()

	t.Run("silent on TLS", func(t *testing.T) {
		conn, err := tls.Dial("tcp", address.Host, newIdentity(t).Config())
		if err != nil {
			return // we were too slow ourselves, and it was cut
		}
		defer conn.Close()
		commtest.WantEnd(t, conn)
	})
	t.Run("half a request", func(t *testing.T) {
		conn, err := tls.Dial("tcp", address.Host, newIdentity(t).Config())
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n") // it may be cut by now
		commtest.WantEnd(t, conn)
	})
}

func TestWhoMayComeIn(t *testing.T) {
	address := open(t, newIdentity(t).options(), commtest.Echo()).Address()
	elsewhere := address
	elsewhere.Path = "/other"
	mine := newIdentity(t).Config()
	anonymous, old := mine.Clone(), mine.Clone()
	anonymous.Certificates = nil
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	for _, row := range []struct {
		name   string
		config *tls.Config
		header http.Header
		proto  string
		path   string
		status int // 0: not even HTTP
	}{
		{"a peer", mine, nil, websocket.Subprotocol, "/", http.StatusSwitchingProtocols},
		{"a web page", mine, http.Header{"Origin": {"https://evil.example"}}, websocket.Subprotocol, "/", http.StatusForbidden},
		{"a page that hides where it is from", mine, http.Header{"Origin": {"null"}}, websocket.Subprotocol, "/", http.StatusForbidden},
		{"another protocol", mine, nil, "mqtt", "/", http.StatusBadRequest},
		{"another path", mine, nil, websocket.Subprotocol, "/other", http.StatusNotFound},
		{"without a certificate", anonymous, nil, websocket.Subprotocol, "/", 0},
		{"TLS 1.2", old, nil, websocket.Subprotocol, "/", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := address
			a.Path = row.path
			ws, answer, err := handshake(a, row.config, row.header, row.proto)
			if ws != nil {
				defer ws.Close()
			}
			switch {
			case answer == nil && row.status != 0:
				t.Fatalf("no answer: %v", err)
			case answer != nil && answer.StatusCode != row.status:
				t.Errorf("status %d, want %d", answer.StatusCode, row.status)
			}
		})
	}
}

func TestABinaryFrameEndsTheConnection(t *testing.T) {
	h := commtest.Echo()
	ws := rawClient(t, open(t, newIdentity(t).options(), h).Address())
	if err := ws.WriteMessage(gorilla.BinaryMessage, []byte(`{"jsonrpc":"2.0","method":"x"}`)); err != nil {
		t.Fatal(err)
	}
	_ = endOf(t, ws)
	commtest.Await(t, h.Ended(), "the handler is told")
}

func TestPingsAreAnswered(t *testing.T) {
	ws := rawClient(t, open(t, newIdentity(t).options(), commtest.Echo()).Address())
	pong := make(chan string, 1)
	ws.SetPongHandler(func(data string) error {
		pong <- data
		return errors.New("enough")
	})
	if err := ws.WriteMessage(gorilla.PingMessage, []byte("there?")); err != nil {
		t.Fatal(err)
	}
	_ = endOf(t, ws)
	if got := <-pong; got != "there?" {
		t.Errorf("pong %q", got)
	}
}

// Those who do not read hold no more together than there is room: they push out each
// other, long before each would be cut for itself, and nobody who reads.
func TestPeersThatDoNotReadShareARoom(t *testing.T) {
	h := &commtest.Handler{OnRequest: func(context.Context, comm.Conn, string, json.RawMessage) (any, error) {
		return strings.Repeat("x", 256<<10), nil
	}}
	o := newIdentity(t).options()
	o.Waiting, o.Write, o.Ping, o.Idle = 1<<20, time.Hour, time.Hour, time.Hour
	address := open(t, o, h).Address()
	reads := dial(t, newIdentity(t).options(), address, &commtest.Handler{})
	for range 2 {
		deaf := rawClient(t, address)
		for n := range 28 { // less than one connection may leave unread by itself
			if err := deaf.WriteMessage(gorilla.TextMessage, fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%d,"method":"big"}`, n)); err != nil {
				break // it is cut already
			}
		}
	}
	commtest.Await(t, h.Ended(), "one that does not read is cut")
	var text string
	for range 10 {
		if err := reads.Call(t.Context(), "big", nil, &text); err != nil || len(text) != 256<<10 {
			t.Fatalf("who reads gets %d bytes, %v", len(text), err)
		}
	}
}

// Those who begin long frames and do not end them hold no more together than there is room:
// they push out each other, and nobody who ends what they begin.
func TestFramesThatAreNotEndedShareARoom(t *testing.T) {
	h := commtest.Echo()
	o := newIdentity(t).options()
	o.Coming, o.Ping, o.Idle = 1<<20, time.Hour, time.Hour
	address := open(t, o, h).Address()
	ends := dial(t, newIdentity(t).options(), address, &commtest.Handler{})
	for range 2 {
		ws := rawClient(t, address)
		frame, err := ws.NextWriter(gorilla.TextMessage)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(frame, `{"jsonrpc":"2.0","id":1,"method":"echo","params":"`+strings.Repeat("x", 700<<10)) // it may be cut
	}
	commtest.Await(t, h.Ended(), "one that does not end its frame is cut")
	var got string
	for range 10 {
		if err := ends.Call(t.Context(), "echo", strings.Repeat("y", 256<<10), &got); err != nil || len(got) != 256<<10 {
			t.Fatalf("who ends what they begin gets %d bytes, %v", len(got), err)
		}
	}
}
