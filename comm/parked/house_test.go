package parked_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/parked"
)

// patience bounds what only a defect would let hang.
const patience = time.Minute

// house is a server at which GET /wait waits for a word of the test, and says it
// with the number of requests that the connection's handler has seen.
type house struct {
	*httptest.Server
	lot   *parked.Lot
	end   context.CancelFunc // of the waits
	words chan string
	taken chan *parked.Conn // each that was
	here  chan bool         // each request that could not be taken
}

func open(t *testing.T, idle time.Duration, start func(*httptest.Server)) *house {
	t.Helper()
	waits, end := context.WithCancel(context.Background())
	h := &house{lot: parked.NewLot(waits, idle), end: end, words: make(chan string, 10), taken: make(chan *parked.Conn, 10), here: make(chan bool, 10)}
	h.Server = httptest.NewUnstartedServer(http.HandlerFunc(h.answer))
	start(h.Server)
	t.Cleanup(func() {
		end()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := h.lot.Shut(ctx); err != nil {
			t.Errorf("somebody is still in the lot: %v", err)
		}
		h.Close()
	})
	return h
}

func plain(s *httptest.Server) { s.Start() }

func (h *house) answer(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Path", r.URL.Path)
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
		http.Error(w, r.Method, http.StatusMethodNotAllowed) // the first byte of it was lost
		return
	}
	if r.URL.RawQuery == "hidden" {
		w = struct{ http.ResponseWriter }{w}
	}
	if r.URL.Path != "/wait" {
		_, _ = io.WriteString(w, "at once")
		return
	}
	c, ok := h.lot.Take(w, r)
	if !ok {
		h.here <- true
		_, _ = io.WriteString(w, "in the handler")
		return
	}
	h.taken <- c
	go func() {
		now := time.Now()
		defer func() { c.Answer(now, now.Add(patience)) }()
		select {
		case word := <-h.words:
			_, _ = io.WriteString(c, word)
		case <-c.Context().Done():
			c.WriteHeader(http.StatusNoContent)
		}
	}()
}

// peer is a connection that is written and read by hand.
type peer struct {
	net.Conn
	t  *testing.T
	in *bufio.Reader
}

func (h *house) dial(t *testing.T) *peer {
	t.Helper()
	c, err := net.Dial("tcp", h.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if h.TLS != nil {
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // the certificate is httptest's
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return &peer{c, t, bufio.NewReader(c)}
}

func (p *peer) say(text string) {
	p.t.Helper()
	if _, err := io.WriteString(p, text); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) hear(method string, status int, body string) *http.Response {
	p.t.Helper()
	r, err := http.ReadResponse(p.in, &http.Request{Method: method})
	if err != nil {
		p.t.Fatalf("no answer: %v", err)
	}
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != status || string(text) != body {
		p.t.Fatalf("heard %s %q, %v; want %d %q", r.Status, text, err, status, body)
	}
	return r
}

// over checks that the server has closed the connection.
func (p *peer) over() {
	p.t.Helper()
	if n, err := p.in.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		p.t.Errorf("the connection is open: %d bytes, %v", n, err)
	}
}

// CloseWrite ends what is said.
func (p *peer) CloseWrite() error { return p.Conn.(*net.TCPConn).CloseWrite() }
