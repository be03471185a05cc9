package https_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/commtest"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/fault/faulttest"
	"github.com/swaperoo/swaperoo/comm/https"
)

func TestMain(m *testing.M) { commtest.Main(m) }

// short is a limit that a test waits for; nothing depends on how exact it is.
const short = 50 * time.Millisecond

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func fetcher(t *testing.T, o https.Options) *https.Fetcher {
	t.Helper()
	f := https.New(o)
	t.Cleanup(f.CloseIdle)
	return f
}

var want = faulttest.Want

func TestAnyStatusIsAnAnswer(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Set-Cookie", "id=1")
		w.Header()["X-Two"] = []string{"a", "b"}
		w.Header().Set("X-Seen", strings.Join([]string{
			r.Method, r.Header.Get("Authorization"), r.UserAgent(),
			r.Header.Get("Cookie"), r.Header.Get("Accept-Encoding"), string(body),
		}, "|"))
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, "taken")
	})
	f := fetcher(t, https.Options{})
	for range 2 { // the second time a cookie could come back
		got, err := f.Fetch(t.Context(), comm.Fetch{Method: "POST", URL: url, Header: map[string]string{"Authorization": "Bearer x"}, Body: []byte("in")})
		if err != nil {
			t.Fatal(err)
		}
		if got.Status != http.StatusConflict || string(got.Body) != "taken" || got.Header["X-Two"] != "a, b" || got.Header["Set-Cookie"] != "" {
			t.Errorf("answer is %+v", got)
		}
		if seen := got.Header["X-Seen"]; seen != "POST|Bearer x|"+https.UserAgent+"|||in" {
			t.Errorf("the server saw %q", seen)
		}
	}
}

func TestWhatIsNeverSent(t *testing.T) {
	url := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("it was sent") })
	header := func(name, value string) map[string]string { return map[string]string{name: value} }
	for _, row := range []struct {
		name   string
		fetch  comm.Fetch
		kind   fault.Kind
		reason fault.Reason
	}{
		{"no URL", comm.Fetch{Method: "GET"}, fault.Invalid, "url-malformed"},
		{"a file", comm.Fetch{Method: "GET", URL: "file:///etc/passwd"}, fault.Invalid, "url-malformed"},
		{"no host", comm.Fetch{Method: "GET", URL: "https:///x"}, fault.Invalid, "url-malformed"},
		{"a password in the URL", comm.Fetch{Method: "GET", URL: "https://a:b@example.com/"}, fault.Invalid, "url-malformed"},
		{"http to another machine", comm.Fetch{Method: "GET", URL: "http://example.com/"}, fault.Denied, "http-denied"},
		{"http to a name that looks local", comm.Fetch{Method: "GET", URL: "http://127.0.0.1.example.com/"}, fault.Denied, "http-denied"},
		{"no method", comm.Fetch{URL: url}, fault.Invalid, "method-refused"},
		{"a tunnel", comm.Fetch{Method: "CONNECT", URL: url}, fault.Invalid, "method-refused"},
		{"two lines as method", comm.Fetch{Method: "GET /\r\nX:", URL: url}, fault.Invalid, "method-refused"},
		{"another host", comm.Fetch{Method: "GET", URL: url, Header: header("host", "internal")}, fault.Invalid, "header-refused"},
		{"a cookie", comm.Fetch{Method: "GET", URL: url, Header: header("Cookie", "a=b")}, fault.Invalid, "header-refused"},
		{"for a proxy", comm.Fetch{Method: "GET", URL: url, Header: header("proxy-authorization", "x")}, fault.Invalid, "header-refused"},
		{"two lines as header", comm.Fetch{Method: "GET", URL: url, Header: header("X", "a\r\nHost: b")}, fault.Invalid, "header-malformed"},
		{"a header without a name", comm.Fetch{Method: "GET", URL: url, Header: header("", "a")}, fault.Invalid, "header-malformed"},
		{"too long a body", comm.Fetch{Method: "POST", URL: url, Body: make([]byte, 1<<20+1)}, fault.Invalid, "body-too-big"},
		{"too long an answer", comm.Fetch{Method: "GET", URL: url, Limit: 32<<20 + 1}, fault.Invalid, "limit-refused"},
		{"too long a time", comm.Fetch{Method: "GET", URL: url, Timeout: time.Hour}, fault.Invalid, "timeout-refused"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := fetcher(t, https.Options{}).Fetch(t.Context(), row.fetch)
			want(t, err, row.kind, row.reason)
		})
	}
}

func TestLimitOfTheAnswer(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 300<<10)) })
	for _, row := range []struct {
		name  string
		limit int64
		fits  bool
	}{
		{"the node's", 0, false},
		{"one byte too few", 300<<10 - 1, false},
		{"just enough", 300 << 10, true},
		{"more", 32 << 20, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := fetcher(t, https.Options{}).Fetch(t.Context(), comm.Fetch{Method: "GET", URL: url, Limit: row.limit})
			if !row.fits {
				want(t, err, fault.Unknown, "answer-too-big")
			} else if err != nil || len(got.Body) != 300<<10 {
				t.Errorf("%d bytes, %v", len(got.Body), err)
			}
		})
	}
}

func TestRedirects(t *testing.T) {
	other := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("another origin was called") })
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/end":
			body, _ := io.ReadAll(r.Body)
			_, _ = io.WriteString(w, r.Method+" "+string(body))
		case "/301":
			http.Redirect(w, r, "/end", http.StatusMovedPermanently)
		case "/302":
			http.Redirect(w, r, "end#x", http.StatusFound)
		case "/303":
			http.Redirect(w, r, "/end", http.StatusSeeOther)
		case "/307":
			http.Redirect(w, r, "/end", http.StatusTemporaryRedirect)
		case "/308":
			http.Redirect(w, r, "/end", http.StatusPermanentRedirect)
		case "/away":
			http.Redirect(w, r, other+"/end", http.StatusTemporaryRedirect)
		case "/user":
			http.Redirect(w, r, "http://a:b@"+r.Host+"/end", http.StatusTemporaryRedirect)
		case "/tls":
			http.Redirect(w, r, "https://"+r.Host+"/end", http.StatusTemporaryRedirect)
		case "/nowhere":
			w.WriteHeader(http.StatusTemporaryRedirect)
		case "/circle":
			http.Redirect(w, r, "/circle", http.StatusTemporaryRedirect)
		}
	})
	for _, row := range []struct {
		name, method, path string
		follow             bool
		status             int
		body               string // checked if the end was reached
	}{
		{"not asked for", "GET", "/307", false, 307, ""},
		{"moved", "GET", "/301", true, 200, "GET "},
		{"found", "GET", "/302", true, 200, "GET "},
		{"moved keeps no method", "POST", "/301", true, 301, ""},
		{"see other changes the method", "POST", "/303", true, 303, ""},
		{"temporary keeps method and body", "POST", "/307", true, 200, "POST in"},
		{"permanent keeps method and body", "PUT", "/308", true, 200, "PUT in"},
		{"another origin", "GET", "/away", true, 307, ""},
		{"another scheme", "GET", "/tls", true, 307, ""},
		{"with a password", "GET", "/user", true, 307, ""},
		{"without a place", "GET", "/nowhere", true, 307, ""},
		{"for ever", "GET", "/circle", true, 307, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := comm.Fetch{Method: row.method, URL: url + row.path, Redirects: row.follow}
			if row.method != "GET" {
				r.Body = []byte("in")
			}
			got, err := fetcher(t, https.Options{}).Fetch(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if got.Status != row.status || (row.status == 200 && string(got.Body) != row.body) {
				t.Errorf("answer is %d %q, want %d %q", got.Status, got.Body, row.status, row.body)
			}
		})
	}
}

// A proxy of the environment would see, and could change, what a plugin says.
func TestNoProxyIsTaken(t *testing.T) {
	proxy := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the proxy was asked") })
	t.Setenv("HTTP_PROXY", proxy)
	t.Setenv("http_proxy", proxy)
	o := https.Options{AllowHTTP: true}
	_, err := fetcher(t, o).Fetch(t.Context(), comm.Fetch{Method: "GET", URL: "http://255.255.255.255:81/"}) // nobody connects to all
	want(t, err, fault.Unavailable, "server-unreachable")
}

func TestEndedBeforeItBegan(t *testing.T) {
	url := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("it was sent") })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := fetcher(t, https.Options{}).Fetch(ctx, comm.Fetch{Method: "GET", URL: url})
	want(t, err, fault.Timeout, "connect-timeout")
}
