// Package https is the only way by which plugins reach a foreign server: single
// requests over HTTP, made by the host and bounded by the node in time, size and
// direction. It keeps no cookies and takes no proxy from the environment.
//
// Before a request comes here, the host has checked that the plugin may talk to the origin
// and has stored the intent. The party's owner has named the origin, or it is a terminal's
// own bank, so it may be in a private network; no redirect leaves it. The one thing that
// must be right here is whether a failed request may have reached the server.
package https

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// UserAgent is what servers see of us.
const UserAgent = "swaperoo"

// The bounds of what a plugin may ask for.
const (
	defaultLimit   = 256 << 10
	maxLimit       = 32 << 20
	maxBody        = 1 << 20 // of a request
	maxTimeout     = 10 * time.Minute
	maxRedirects   = 5
	defaultTimeout = 30 * time.Second
)

// Options are the node's.
type Options struct {
	Timeout   time.Duration // for requests that name none; 0: 30 s
	Connect   time.Duration // for TCP, and again for TLS; 0: 10 s
	AllowHTTP bool          // http also to other machines, not only to loopback
	TLS       *tls.Config   // nil: the system's authorities
}

// Fetcher implements comm.Fetcher. It is safe for concurrent use.
type Fetcher struct {
	o         Options
	transport *http.Transport
}

// New makes a fetcher.
func New(o Options) *Fetcher {
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	o.Connect = cmp.Or(o.Connect, 10*time.Second)
	f := &Fetcher{o: o}
	f.transport = &http.Transport{
		DialContext:            f.dial,
		TLSClientConfig:        o.TLS.Clone(),
		TLSHandshakeTimeout:    o.Connect,
		DisableCompression:     true, // nothing is asked for; plain reads what is encoded all the same
		MaxIdleConns:           32,
		MaxIdleConnsPerHost:    32, // as many as there may be: a bank asks one provider all day
		MaxConnsPerHost:        32,
		IdleConnTimeout:        time.Minute,
		MaxResponseHeaderBytes: 64 << 10,
		ForceAttemptHTTP2:      true,
	}
	return f
}

// CloseIdle closes the connections that are kept for later requests.
func (f *Fetcher) CloseIdle() { f.transport.CloseIdleConnections() }

// dial connects to addresses that the node allows.
func (f *Fetcher) dial(ctx context.Context, network, address string) (net.Conn, error) {
	name, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{
		Timeout: f.o.Connect,
		Control: func(_, resolved string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(resolved)
			if err != nil {
				return err
			}
			// The name alone opened the way for plain http.
			if localName(name) && !at.Addr().Unmap().IsLoopback() {
				return fault.New(fault.Denied, "%s is not on this machine", name).Because("address-denied")
			}
			return nil
		},
	}
	return d.DialContext(ctx, network, address)
}

// loopback says whether a host can only be this machine; dial checks the name.
func loopback(host string) bool {
	if localName(host) {
		return true
	}
	at, err := netip.ParseAddr(host)
	return err == nil && at.Unmap().IsLoopback()
}

func localName(host string) bool { return strings.EqualFold(host, "localhost") }
