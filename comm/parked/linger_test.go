package parked_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/swaperoo/swaperoo/comm/parked"
)

// TestWhoSendsTooMuchReadsItsAnswer: most peers read when they have sent everything. One that is told
// that its body is too long is not cut off in the middle, and one that waits to be asked for it is
// told at once.
func TestWhoSendsTooMuchReadsItsAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		header string
		body   []byte
	}{
		"length told":    {"Content-Length: 7000000", bytes.Repeat([]byte("x"), 7_000_000)},
		"length unknown": {"Transfer-Encoding: chunked", fmt.Appendf(nil, "%x\r\n%s\r\n0\r\n\r\n", 7_000_000, bytes.Repeat([]byte("x"), 7_000_000))},
		"asks first":     {"Content-Length: 7000000\r\nExpect: 100-continue", nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Connection", "close")
				w.Header().Set("Content-Length", "0")
				w.WriteHeader(http.StatusRequestEntityTooLarge)
				parked.Linger(w, r, 1000)
			}))
			defer s.Close()
			conn, err := net.Dial("tcp", s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n", c.header); err != nil {
				t.Fatal(err)
			}
			in := bufio.NewReader(conn)
			if _, err := in.Peek(1); err != nil { // it was answered
				t.Fatal(err)
			}
			if _, err := conn.Write(c.body); err != nil {
				t.Errorf("it is cut off: %v", err)
			}
			r, err := http.ReadResponse(in, nil)
			if err != nil || r.StatusCode != http.StatusRequestEntityTooLarge {
				t.Fatalf("it reads %v, %v", r, err)
			}
			if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
				t.Errorf("behind its answer it reads %q, %v", rest, err)
			}
		})
	}
}
