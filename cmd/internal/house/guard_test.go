package house

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// world is a guard over one server of this machine, at which every name is whatever
// the test says.
type world struct {
	guard
	reached int // requests at home, where no public bank may send anybody
	seen    []bool
}

// newWorld: seen is what the name of the bank is at each look. A connection that the
// guard allows to a bank goes to this machine; one to home is its own affair.
func newWorld(t *testing.T, seen ...bool) *world {
	t.Helper()
	w := &world{guard: newGuard(), seen: seen}
	t.Cleanup(w.closeIdle)
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { w.reached++ }))
	t.Cleanup(inside.Close)
	bank := httptest.NewServer(http.RedirectHandler(inside.URL, http.StatusFound))
	t.Cleanup(bank.Close)
	w.isPublic = func(context.Context, string) (bool, error) {
		is := w.seen[0]
		w.seen = w.seen[1:]
		return is, nil
	}
	for _, over := range []*http.Transport{w.public, w.private, w.anywhere} {
		dial := over.DialContext
		over.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			if address == "bank.example:80" {
				return (&net.Dialer{}).DialContext(ctx, network, bank.Listener.Addr().String())
			}
			return dial(ctx, network, address)
		}
	}
	return w
}

// A public bank redirects to an address of this machine.
func TestAPublicBankLeadsNobodyHome(t *testing.T) {
	for _, row := range []struct {
		name    string
		looks   []bool
		reached int
	}{
		{"a bank in a private network", []bool{false}, 1},
		{"a public bank", []bool{true}, 0},
		{"one that is public at the first look alone", []bool{true, false, false}, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, row.looks...)
			c := http.Client{Transport: w}
			answer, err := c.Get("http://bank.example/")
			if err == nil {
				_ = answer.Body.Close()
			}
			if w.reached != row.reached || (fault.KindOf(err) == fault.Denied) != (row.reached == 0) {
				t.Errorf("reached %d, error %v", w.reached, err)
			}
		})
	}
}

// A name that is private when it is looked at and public when it is connected to
// would go unguarded, and so would its redirects.
func TestABankIsWhatItWasSeenToBe(t *testing.T) {
	for _, row := range []struct {
		name, url string
		public    bool
	}{
		{"private at the look, public at the connection", "http://9.9.9.9/", false},
		{"private at the look, public over IPv6", "http://[2620:fe::fe]/", false},
		{"public at the look, private at the connection", "http://127.0.0.1:1/", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, row.public)
			c := http.Client{Transport: w}
			answer, err := c.Get(row.url)
			if err == nil {
				_ = answer.Body.Close()
			}
			if fault.KindOf(err) != fault.Denied {
				t.Errorf("error %v", err)
			}
		})
	}
}

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
