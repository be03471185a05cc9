package https_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/https"
)

// Nothing happened: a caller may try again without asking.
func TestWhenNothingHappened(t *testing.T) {
	var calls atomic.Int32
	count := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) })
	stranger := httptest.NewTLSServer(count) // its authority is not ours
	defer stranger.Close()
	deaf, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	gone := httptest.NewServer(count)
	gone.Close()
	for _, row := range []struct {
		name, url string
		options   https.Options
		says      string
	}{
		{"nobody listens", gone.URL, https.Options{}, "cannot be reached"},
		{"no such name", "https://nobody.invalid/", https.Options{}, "cannot be reached"},
		{"a certificate of a stranger", stranger.URL, https.Options{}, "shows a certificate that is not trusted here"},
		{"silent on TLS", "https://" + deaf.Addr().String(), https.Options{Connect: short}, "cannot be reached"},
		{"silent for all of the time", "https://" + deaf.Addr().String(), https.Options{Timeout: short}, "cannot be reached"},
	} {
		for _, method := range []string{"GET", "POST"} {
			t.Run(row.name+" "+method, func(t *testing.T) {
				_, err := fetcher(t, row.options).Fetch(t.Context(), comm.Fetch{Method: method, URL: row.url, Body: []byte("x")})
				want(t, err, fault.Unavailable, "server-unreachable")
				if f := fault.From(err); !strings.HasSuffix(f.Message, row.says) || f.Hint == "" {
					t.Errorf("a person reads %q (%s)", f.Message, f.Hint)
				}
			})
		}
	}
	if calls.Load() != 0 {
		t.Error("a server was called")
	}
}

// The request may have arrived: only asking by reference tells.
func TestWhenItMayHaveHappened(t *testing.T) {
	for _, row := range []struct {
		name   string
		answer func(w http.ResponseWriter, r *http.Request, leave context.CancelFunc)
	}{
		{"the connection breaks", func(w http.ResponseWriter, _ *http.Request, _ context.CancelFunc) { breakOff(w, "") }},
		{"half a header", func(w http.ResponseWriter, _ *http.Request, _ context.CancelFunc) {
			breakOff(w, "HTTP/1.1 200 OK\r\nConte")
		}},
		{"half a body", func(w http.ResponseWriter, _ *http.Request, _ context.CancelFunc) {
			breakOff(w, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
		}},
		{"no HTTP", func(w http.ResponseWriter, _ *http.Request, _ context.CancelFunc) { breakOff(w, "hello\r\n\r\n") }},
		{"the caller leaves", func(_ http.ResponseWriter, r *http.Request, leave context.CancelFunc) {
			leave()
			<-r.Context().Done()
		}},
	} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			t.Run(row.name+" "+method, func(t *testing.T) {
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				url := serve(t, func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body) // only then the server notices who leaves
					row.answer(w, r, leave)
				})
				_, err := fetcher(t, https.Options{}).Fetch(ctx, comm.Fetch{Method: method, URL: url})
				want(t, err, fault.Unknown, "answer-missing")
			})
		}
	}
}

// The time for a request is over after the server has got it. It counts from the
// beginning; where it was too short for that, another request gets more.
func TestNoAnswerInTime(t *testing.T) {
	for _, row := range []struct {
		name  string
		begin string // of an answer of nine bytes
	}{
		{"no answer in time", ""},
		{"no complete answer in time", "half"},
	} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			t.Run(row.name+" "+method, func(t *testing.T) {
				for limit := short; !endsInTime(t, method, row.begin, limit); {
					limit *= 2
				}
			})
		}
	}
}

// endsInTime makes a request that is never answered to its end. False is a request
// that did not reach the server within its time.
func endsInTime(t *testing.T, method, begin string, limit time.Duration) bool {
	t.Helper()
	var arrived atomic.Bool
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then the server notices who leaves
		if begin != "" {
			w.Header().Set("Content-Length", "9")
			_, _ = io.WriteString(w, begin)
			_ = http.NewResponseController(w).Flush()
		}
		arrived.Store(true)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithTimeout(t.Context(), limit+time.Minute)
	defer cancel()
	_, err := fetcher(t, https.Options{Timeout: time.Hour}).Fetch(ctx, comm.Fetch{Method: method, URL: url, Timeout: limit})
	if ctx.Err() != nil {
		t.Error("its own time did not end the request")
	}
	if !arrived.Load() {
		return false
	}
	want(t, err, fault.Unknown, "answer-missing")
	return true
}

// breakOff writes raw bytes as the answer and ends the connection.
func breakOff(w http.ResponseWriter, text string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = io.WriteString(conn, text)
	_ = conn.Close()
}

// A kept connection that breaks under a payment must not lead to a second one,
// also when the request looks repeatable.
func TestAPostIsSentOnce(t *testing.T) {
	for _, body := range []string{"pay", ""} {
		t.Run("body "+body, func(t *testing.T) {
			var calls atomic.Int32
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if r.Header.Get("Idempotency-Key") != "k" {
					t.Error("the key is missing")
				}
				if calls.Add(1) == 2 {
					breakOff(w, "")
				}
			})
			f := fetcher(t, https.Options{})
			pay := comm.Fetch{Method: "POST", URL: url, Body: []byte(body), Header: map[string]string{"Idempotency-Key": "k"}}
			if _, err := f.Fetch(t.Context(), pay); err != nil {
				t.Fatal(err)
			}
			_, err := f.Fetch(t.Context(), pay)
			want(t, err, fault.Unknown, "answer-missing")
			if n := calls.Load(); n != 2 {
				t.Errorf("the server was called %d times, want 2", n)
			}
		})
	}
}

func TestTLS(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }))
	defer s.Close()
	known := x509.NewCertPool()
	known.AddCert(s.Certificate())
	f := fetcher(t, https.Options{TLS: &tls.Config{RootCAs: known}})
	got, err := f.Fetch(t.Context(), comm.Fetch{Method: "GET", URL: s.URL})
	if err != nil || string(got.Body) != "HTTP/1.1" {
		t.Errorf("answer is %q, %v", got.Body, err)
	}
}
