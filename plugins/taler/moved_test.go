package taler_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	wire "github.com/swaperoo/swaperoo/comm/taler"
)

// sends answers these methods with a redirect to where, unless that is below /new/.
func (m *mint) sends(status int, where string, methods ...string) {
	m.with(func() {
		m.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if strings.HasPrefix(r.URL.Path, "/new/") {
				r.URL.Path = strings.TrimPrefix(r.URL.Path, "/new")
				return false
			}
			if !slices.Contains(methods, r.Method) {
				return false
			}
			if where != "" {
				w.Header().Set("Location", where+r.URL.Path)
			}
			w.WriteHeader(status)
			return true
		}
	})
}

// An address that sends everybody elsewhere is found out when it is named, not when
// the money is there.
func TestAnExchangeThatHasMovedIsNotDealtWith(t *testing.T) {
	stranger := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another server was asked") }))
	t.Cleanup(stranger.Close)
	for _, row := range []struct {
		name   string
		status int
		where  string
		hint   string
	}{
		{"to another path, for good", 301, "/new", "/new/`"},
		{"to another path", 302, "/new", "/new/`"},
		{"to another path, with another method", 303, "/new", "/new/`"},
		{"to another server", 301, stranger.URL, stranger.URL + "/`"},
		{"to another server, with the same method", 307, stranger.URL + "/below", stranger.URL + "/below/`"},
		{"to another scheme", 308, "https://exchange.example", "https://exchange.example/`"},
		{"to another scheme of its own", 308, "https:", "`wallet exchange add https://127.0.0.1"},
		{"to nowhere", 301, "", "ask the exchange's operator"},
		{"to no server", 301, "mailto:a@b.example", "ask the exchange's operator"},
		{"with a password", 301, "https://a:b@exchange.example", "ask the exchange's operator"},
		{"with a long address", 301, "https://exchange.example/" + strings.Repeat("x", 300), "ask the exchange's operator"},
		{"with an address that is none", 301, "http://[", "ask the exchange's operator"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := openWallet(t)
			if row.where == "https:" {
				row.where += strings.TrimPrefix(w.mint.URL, "http:")
			}
			w.mint.sends(row.status, row.where, http.MethodGet)
			_, err := w.do("taler.exchange", "REFRESH", w.exchange, nil)
			wantFault(t, err, fault.Unsupported, wire.ReasonRedirectRefused)
			if f := fault.From(err); !strings.Contains(f.Hint, row.hint) || !strings.Contains(f.Message, w.mint.URL) {
				t.Errorf("a person reads %q and %q", f.Message, f.Hint)
			}
			if s := w.state(); !s.MasterPub.IsZero() {
				t.Error("its keys were taken")
			}
		})
	}
}

// What all requests follow, and a document that alone is elsewhere, is gone after.
func TestRedirectsThatSayNothingOfTheExchange(t *testing.T) {
	for name, sends := range map[string]func(m *mint){
		"the method stays": func(m *mint) { m.sends(307, "/new", http.MethodGet, http.MethodPost) },
		"one document": func(m *mint) {
			m.intercept = func(w http.ResponseWriter, r *http.Request) bool {
				switch r.URL.Path {
				case "/config":
					http.Redirect(w, r, "/static/config.json", http.StatusFound)
					return true
				case "/static/config.json":
					r.URL.Path = "/config"
				}
				return false
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := openWallet(t)
			sends(w.mint)
			if _, err := w.do("taler.exchange", "REFRESH", w.exchange, nil); err != nil {
				t.Fatal(err)
			}
			r := w.prepare("CHF:12", "CHF:12")
			if _, err := w.batch("WITHDRAW", r.Reserve, nil); err != nil {
				t.Error(err)
			}
		})
	}
}

// A request for coins goes to nobody but who was named, and is kept.
func TestARequestForCoinsGoesNowhereElse(t *testing.T) {
	stranger := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another server was asked") }))
	t.Cleanup(stranger.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		w := readyWallet(t)
		r := w.prepare("CHF:12", "CHF:12")
		w.mint.sends(status, stranger.URL, http.MethodPost)
		_, err := w.batch("WITHDRAW", r.Reserve, nil)
		wantFault(t, err, fault.Unsupported, wire.ReasonRedirectRefused)
		if f := fault.From(err); !strings.Contains(f.Message, stranger.URL) || !strings.Contains(f.Hint, "operation resume") {
			t.Errorf("a person reads %q and %q", f.Message, f.Hint)
		}
		if _, reserve := w.reserve(r.Reserve); reserve.Batch == nil || reserve.Batch.Clean {
			t.Errorf("%d ends a request that somebody may have answered", status)
		}
		w.mint.with(func() { w.mint.intercept = nil })
		if _, err := w.batch("WITHDRAW", r.Reserve, nil); err != nil || len(w.coins()) == 0 {
			t.Errorf("%d coins, %v", len(w.coins()), err)
		}
	}
}

// What cannot be read is said to be so, not to be no exchange.
func TestDocumentsInAnEncodingThatCannotBeRead(t *testing.T) {
	for encoding, reason := range map[string]fault.Reason{"br": "encoding-unknown", "gzip": "encoding-broken"} {
		w := openWallet(t)
		w.mint.with(func() {
			w.mint.intercept = func(w http.ResponseWriter, _ *http.Request) bool {
				w.Header().Set("Content-Encoding", encoding)
				_, _ = io.WriteString(w, "no")
				return true
			}
		})
		_, err := w.do("taler.exchange", "REFRESH", w.exchange, nil)
		wantFault(t, err, fault.Invalid, reason)
		if f := fault.From(err); !strings.Contains(f.Message, encoding) || !strings.Contains(f.Hint, "operator") {
			t.Errorf("a person reads %q and %q", f.Message, f.Hint)
		}
	}
}
