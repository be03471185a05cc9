package house

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
)

// guard sends requests to banks that a QR code has named. A bank on the public Internet may
// not lead us to an address that is not public: not by its name, not by a redirect, and not
// by changing the address of its name in between. So the address is checked when it is
// connected to.
type guard struct {
	anywhere, public, private *http.Transport
	isPublic                  func(ctx context.Context, host string) (bool, error)
}

func newGuard() guard {
	return guard{
		anywhere: dialing(&net.Dialer{}), public: dialing(taler.GuardedDialer()), private: dialing(taler.PrivateDialer()), isPublic: taler.IsPublic,
	}
}

func dialing(d *net.Dialer) *http.Transport {
	d.Timeout = 10 * time.Second
	return &http.Transport{
		DialContext: d.DialContext, ForceAttemptHTTP2: true, // and no proxy: its address would be checked instead of the bank's
		TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 90 * time.Second, MaxIdleConnsPerHost: 4,
	}
}

// wasPublic is the key, in the context of a request, of whether the bank was public at the
// first request of a chain of redirects.
type wasPublic struct{}

// RoundTrip implements http.RoundTripper. Whether the bank is public is decided once, at
// the first request of a chain of redirects.
func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	over, public, err := g.way(r)
	if err != nil {
		return nil, err
	}
	answer, err := over.RoundTrip(r)
	if err == nil { // a redirect's request has this answer as its Response
		answer.Request = r.WithContext(context.WithValue(r.Context(), wasPublic{}, public))
	}
	return answer, err
}

func (g guard) way(r *http.Request) (over *http.Transport, public bool, err error) {
	if r.Response != nil && r.Response.Request != nil {
		if was, known := r.Response.Request.Context().Value(wasPublic{}).(bool); known && !was {
			return g.anywhere, false, nil
		}
		return g.public, true, nil
	}
	if public, err = g.isPublic(r.Context(), r.URL.Hostname()); public {
		return g.public, true, err
	}
	return g.private, false, err
}

// closeIdle closes connections that nobody uses.
func (g guard) closeIdle() {
	g.anywhere.CloseIdleConnections()
	g.public.CloseIdleConnections()
	g.private.CloseIdleConnections()
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
