package house

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// TestAPublicBankLeadsNobodyHome follows what a bank on the Internet would say
// with a redirect: an address of this machine.
func TestAPublicBankLeadsNobodyHome(t *testing.T) {
	reached := false
	home := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	t.Cleanup(home.Close)
	g := newGuard()
	t.Cleanup(g.closeIdle)
	for _, row := range []struct {
		name, bank string
		allowed    bool
	}{
		{"a bank on this machine", "http://127.0.0.1:1/", true},
		{"a bank in a private network", "http://10.1.2.3/", true},
		{"a public bank", "https://9.9.9.9/", false},
		{"a public bank over IPv6", "https://[2620:fe::fe]/", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			reached = false
			first, err := http.NewRequestWithContext(t.Context(), http.MethodGet, row.bank, nil)
			if err != nil {
				t.Fatal(err)
			}
			second, err := http.NewRequestWithContext(t.Context(), http.MethodGet, home.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			second.Response = &http.Response{Request: first} // as net/http does for a redirect
			answer, err := g.RoundTrip(second)
			if err == nil {
				_ = answer.Body.Close()
			}
			if reached != row.allowed || (fault.KindOf(err) == fault.Denied) == row.allowed {
				t.Errorf("reached %v, error %v", reached, err)
			}
		})
	}
}

// TestTheGuardSeesRedirects has net/http itself follow one.
func TestTheGuardSeesRedirects(t *testing.T) {
	end := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(end.Close)
	start := httptest.NewServer(http.RedirectHandler(end.URL, http.StatusFound))
	t.Cleanup(start.Close)
	var chain []string
	c := http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.Response != nil {
			chain = append(chain, r.Response.Request.URL.Host)
		}
		return http.DefaultTransport.RoundTrip(r)
	})}
	answer, err := c.Get(start.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if u, _ := url.Parse(start.URL); len(chain) != 1 || chain[0] != u.Host {
		t.Errorf("the redirect was seen as coming from %v", chain)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestBanksInClearAreOnThisMachine(t *testing.T) {
	for _, row := range []struct {
		url     string
		allow   bool
		allowed bool
	}{
		{"https://bank.example/", false, true},
		{"http://127.0.0.1:1/", false, true},
		{"http://localhost/", false, true},
		{"http://bank.example/", false, false},
		{"http://bank.example/", true, true},
		{"ftp://bank.example/", true, false},
	} {
		h := &House{guard: newGuard(), allowHTTP: row.allow}
		if _, err := h.Bank(row.url, taler.Anonymous()); (err == nil) != row.allowed {
			t.Errorf("%s, allowed %v: %v", row.url, row.allow, err)
		}
	}
}
