package serve_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/serve"
)

// Somebody who promises a body and sends none keeps a connection for the limit on
// reading and no longer, whoever it is; a request that is whole is held beyond it.
func TestAGetThatNeverEndsIsEnded(t *testing.T) {
	port := listen(t)
	arrived, over := make(chan struct{}), make(chan struct{})
	s := serve.Server(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/held" {
			close(arrived)
			<-over
		}
	}), slog.New(slog.DiscardHandler), func() {})
	s.ReadTimeout = 100 * time.Millisecond
	go func() { _ = s.Serve(port) }()
	t.Cleanup(func() { _ = s.Close() })

	held := dialled(t, port, "GET /held HTTP/1.1\r\nHost: x\r\n\r\n")
	<-arrived
	endless := dialled(t, port, "GET /config HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
	if _, err := io.Copy(io.Discard, endless); err != nil { // until it is cut, when the limit of who came first is over as well
		t.Errorf("the endless one: %v", err)
	}
	close(over)
	whole := make([]byte, len("HTTP/1.1 200"))
	if _, err := io.ReadFull(held, whole); err != nil || string(whole) != "HTTP/1.1 200" {
		t.Errorf("the held one: %q, %v", whole, err)
	}
}

func dialled(t *testing.T, port net.Listener, request string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", port.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestWhoSaysNoMoreIsAnswered: net/http takes for gone who closes their sending side
// once they have asked; their request goes on.
func TestWhoSaysNoMoreIsAnswered(t *testing.T) {
	peer, closes := context.WithCancel(t.Context())
	closes()
	w := httptest.NewRecorder()
	serve.Server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Context().Err() != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}), slog.New(slog.DiscardHandler), func() {}).Handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil).WithContext(peer))
	if w.Code != http.StatusOK {
		t.Errorf("status %d", w.Code)
	}
}
