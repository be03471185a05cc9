package house

import (
	"net"
	"net/http"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
)

// guard sends requests to banks that a QR code has named. A bank on the public
// Internet may not send us to an address that is not, by its name, by a redirect
// or by a change of its name's address in between: the address is looked at when
// it is connected to.
type guard struct{ anywhere, public *http.Transport }

func newGuard() guard {
	return guard{anywhere: dialing(&net.Dialer{}), public: dialing(taler.GuardedDialer())}
}

func dialing(d *net.Dialer) *http.Transport {
	d.Timeout = 10 * time.Second
	return &http.Transport{
		DialContext: d.DialContext, ForceAttemptHTTP2: true, // and no proxy: it would be what is connected to
		TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 90 * time.Second, MaxIdleConnsPerHost: 4,
	}
}

// RoundTrip implements http.RoundTripper. The bank that was named is that of the
// first request of a chain of redirects.
func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	first := r
	for first.Response != nil && first.Response.Request != nil {
		first = first.Response.Request
	}
	public, err := taler.IsPublic(r.Context(), first.URL.Hostname())
	if err != nil {
		return nil, err
	}
	if public {
		return g.public.RoundTrip(r)
	}
	return g.anywhere.RoundTrip(r)
}

// closeIdle closes connections that nobody uses.
func (g guard) closeIdle() {
	g.anywhere.CloseIdleConnections()
	g.public.CloseIdleConnections()
}

// Bank makes a client of a Taler bank that a QR code has named.
func (h *House) Bank(base string, auth taler.Authorization) (*taler.Client, error) {
	return h.client(base, h.guard, auth)
}

// Client makes a client of a Taler bank that the party's owner has named, which
// may be in a private network.
func (h *House) Client(base string, auth taler.Authorization) (*taler.Client, error) {
	return h.client(base, h.guard.anywhere, auth)
}

func (h *House) client(base string, over http.RoundTripper, auth taler.Authorization) (*taler.Client, error) {
	if _, err := taler.CheckURL(base, h.allowHTTP); err != nil {
		return nil, err
	}
	return taler.NewClient(base, &http.Client{Transport: over}, auth)
}
