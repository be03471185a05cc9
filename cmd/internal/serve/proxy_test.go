package serve_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// Who a request counts for, as seen by what stands behind the proxies.
func TestOnlyProxiesSayWhomARequestComesFrom(t *testing.T) {
	proxies, err := serve.ParseProxies([]string{"10.0.0.7", "192.168.1.0/24", "::1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		from  string
		named []string // X-Forwarded-For
		want  string
	}{
		{"203.0.113.9:1", []string{"198.51.100.1"}, "203.0.113.9:1"},
		{"10.0.0.7:1", []string{"198.51.100.1"}, "198.51.100.1:0"},
		{"[::ffff:10.0.0.7]:1", []string{"198.51.100.1"}, "198.51.100.1:0"},
		{"10.0.0.7:1", []string{"127.0.0.1, 198.51.100.1"}, "198.51.100.1:0"},              // the first was written by the client
		{"10.0.0.7:1", []string{"6.6.6.6", "198.51.100.1, 192.168.1.3"}, "198.51.100.1:0"}, // two proxies in a row
		{"10.0.0.7:1", []string{"2001:db8::1"}, "[2001:db8::1]:0"},
		{"10.0.0.7:1", []string{"[2001:db8::1]"}, "[2001:db8::1]:0"},
		{"10.0.0.7:1", []string{"198.51.100.1:4711"}, "198.51.100.1:0"},
		{"10.0.0.7:1", []string{"[2001:db8::1]:4711, 192.168.1.3:80"}, "[2001:db8::1]:0"},
		{"10.0.0.7:1", nil, "10.0.0.7:1"},
		{"10.0.0.7:1", []string{"unknown"}, "10.0.0.7:1"},
		{"10.0.0.7:1", []string{"6.6.6.6, unknown"}, "10.0.0.7:1"},
		{"10.0.0.7:1", []string{"192.168.1.3"}, "10.0.0.7:1"},
	} {
		var got string
		h := proxies.Name(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr }))
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr, r.Header["X-Forwarded-For"] = row.from, row.named
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got != row.want {
			t.Errorf("%s, which names %q, counts for %s, not %s", row.from, row.named, got, row.want)
		}
		if r.RemoteAddr != row.from {
			t.Error("the request of the caller was changed")
		}
	}
	for _, text := range []string{"proxy.example", "10.0.0.0/33", ""} {
		if _, err := serve.ParseProxies([]string{text}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestHealth(t *testing.T) {
	var broken error
	h := serve.Health{
		Ready:   func(context.Context) error { return broken },
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "figures") }),
		Next:    http.NotFoundHandler(),
	}
	ask := func(method, path, from string, headers ...string) (int, string) {
		r := httptest.NewRequest(method, path, nil)
		r.RemoteAddr = from
		for _, name := range headers {
			r.Header.Set(name, "x")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if allow := w.Header().Get("Allow"); (w.Code == http.StatusMethodNotAllowed) != (allow == "GET, HEAD, OPTIONS") {
			t.Errorf("%s %s: %d, and what is allowed is %q", method, path, w.Code, allow)
		}
		return w.Code, w.Body.String()
	}
	const here, there = "127.0.0.1:5", "203.0.113.9:5"
	for _, row := range []struct {
		method, path, from string
		header             []string
		status             int
		body               string
	}{
		{"GET", "/healthz", there, nil, 200, "ok\n"},
		{"GET", "/readyz", there, nil, 200, "ready\n"},
		{"GET", "/metrics", here, nil, 200, "figures"},
		{"GET", "/metrics", "[::1]:5", nil, 200, "figures"},
		{"GET", "/metrics", there, nil, 404, "404 page not found\n"},
		{"GET", "/metrics", here, []string{"X-Forwarded-For"}, 404, "404 page not found\n"},
		{"GET", "/metrics", here, []string{"Via"}, 404, "404 page not found\n"},
		{"HEAD", "/readyz", there, nil, 200, "ready\n"}, // a server leaves the body out
		{"POST", "/healthz", there, nil, 405, "this page can only be read\n"},
		{"DELETE", "/readyz", there, nil, 405, "this page can only be read\n"},
		{"POST", "/metrics", here, nil, 405, "this page can only be read\n"},
		{"POST", "/metrics", there, nil, 404, "404 page not found\n"},
		{"OPTIONS", "/healthz", there, nil, 404, "404 page not found\n"},
		{"GET", "/healthz/", there, nil, 404, "404 page not found\n"},
	} {
		if status, body := ask(row.method, row.path, row.from, row.header...); status != row.status || body != row.body {
			t.Errorf("%s %s from %s with %v: %d %q", row.method, row.path, row.from, row.header, status, body)
		}
	}
	broken = fault.New(fault.Unavailable, "the database is closed")
	if status, body := ask("GET", "/readyz", there); status != 503 || body != "the database is closed\n" {
		t.Errorf("not ready: %d %q", status, body)
	}
	if status, _ := ask("GET", "/healthz", there); status != 200 {
		t.Errorf("not ready, and not alive: %d", status)
	}
}

// FuzzForwarded: whatever a client writes before its proxy's own words, it counts for the address that the proxy has seen.
func FuzzForwarded(f *testing.F) {
	for _, seed := range []string{"", "127.0.0.1", "127.0.0.1,", ",", "[::1]", "fe80::1%eth0", "::ffff:10.0.0.7", "10.0.0.7, 10.0.0.7", "a\nb", "127.0.0.1\t"} {
		f.Add(seed, seed)
	}
	proxies, err := serve.ParseProxies([]string{"10.0.0.0/24"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		got := ""
		h := proxies.Name(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr }))
		ask := func(from string, named ...string) string {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr, r.Header["X-Forwarded-For"] = from, named
			h.ServeHTTP(httptest.NewRecorder(), r)
			return got
		}
		for _, named := range [][]string{{first + "," + second + ",198.51.100.1"}, {first, second + ", 198.51.100.1,10.0.0.9"}, {first, second, "198.51.100.1"}} {
			if from := ask("10.0.0.7:1", named...); from != "198.51.100.1:0" {
				t.Errorf("%q counts for %s", named, from)
			}
		}
		if from := ask("203.0.113.9:1", first, second); from != "203.0.113.9:1" {
			t.Errorf("nobody's proxy that says %q and %q counts for %s", first, second, from)
		}
		if _, err := netip.ParseAddrPort(ask("10.0.0.7:1", first, second)); err != nil {
			t.Errorf("%q and %q count for %q", first, second, got)
		}
	})
}
