package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// Port is an open TCP port that nobody is answered at yet.
type Port struct {
	net.Listener
	secure bool // it speaks https
}

// Options are how a port is open.
type Options struct {
	AllowHTTP   bool        // plain HTTP also where other machines reach it
	Certificate Certificate // https
	Places      comm.Places
	Log         *slog.Logger // of certificates that are renewed; needed with one
}

// CheckAddress refuses what nobody could ever listen at, before it is written down.
func CheckAddress(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return fault.New(fault.Invalid, "%q is no address to listen at", address).Because("address-malformed").
			WithHint("write it like 127.0.0.1:8080; port 0 takes a free one")
	}
	return nil
}

// Address is where a server listens: at what was typed, else at what is configured under the key.
func Address(typed, key, configured string) (string, error) {
	if typed == "" {
		return configured, config.About(key, CheckAddress(configured))
	}
	return typed, cli.Argument(CheckAddress(typed))
}

// Listen opens a port at host:port for plain HTTP; port 0 takes a free one. On an
// address that other machines reach that must have been said.
func Listen(ctx context.Context, address string, allowHTTP bool) (*Port, error) {
	return Open(ctx, address, Options{AllowHTTP: allowHTTP})
}

// Open opens a port at host:port; port 0 takes a free one. Without a certificate
// it will speak plain HTTP: on an address that other machines reach that must have
// been said. fault.Invalid if the certificate cannot be used.
func Open(ctx context.Context, address string, o Options) (*Port, error) {
	var certificate *renewable
	if o.Certificate.given() {
		var err error
		if certificate, err = newRenewable(o.Certificate, o.Log); err != nil {
			return nil, err
		}
	}
	l, err := open(ctx, address, o.AllowHTTP || certificate != nil)
	if err != nil {
		return nil, err
	}
	l = o.Places.Of(l)
	if certificate != nil {
		l = tls.NewListener(l, certificate.config())
	}
	return &Port{l, certificate != nil}, nil
}

// CheckPlain refuses an address for plain HTTP that other machines would reach.
func CheckPlain(address string) error {
	if err := CheckAddress(address); err != nil {
		return err
	}
	if host, _, _ := net.SplitHostPort(address); !taler.IsLoopbackName(host) {
		return fault.New(fault.Denied, "other machines would reach %s without encryption", address).Because("address-refused").
			WithHint("listen at 127.0.0.1 behind a proxy that speaks https, give a certificate, or say --allow-http in a test")
	}
	return nil
}

func open(ctx context.Context, address string, reachable bool) (net.Listener, error) {
	check := CheckPlain
	if reachable {
		check = CheckAddress
	}
	if err := check(address); err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, closed(err, address)
	}
	return l, nil
}

// closed says why nobody can listen at an address.
func closed(err error, address string) error {
	if errors.Is(err, fs.ErrPermission) {
		return fault.Wrap(err, fault.Denied, "this user may not listen at %s", address).Because("address-denied").
			WithHint("ports below 1024 want CAP_NET_BIND_SERVICE, such as by AmbientCapabilities in a systemd unit")
	}
	return fault.Wrap(err, fault.Conflict, "nobody can listen at %s: it is taken, or not of this machine", address).Because("address-taken")
}

// IsLocal reports whether nobody but this machine reaches a port.
func IsLocal(p *Port) bool {
	at, err := netip.ParseAddrPort(p.Addr().String())
	return err == nil && at.Addr().Unmap().IsLoopback()
}

// URL is where a path of the port is for callers on this machine.
func (p *Port) URL(path string) string {
	scheme := "http"
	if p.secure {
		scheme = "https"
	}
	return scheme + "://" + reachable(p.Addr().String()) + path
}

// Base is where a port of plain HTTP will be for callers on this machine, as
// URL("/") says it once it is open; empty as long as nobody knows, such as for
// port 0.
func Base(address string) string {
	at, err := netip.ParseAddrPort(address)
	if err != nil || at.Port() == 0 {
		return ""
	}
	return "http://" + reachable(address) + "/"
}

// SessionURL is an address of sessions, for callers on this machine.
func SessionURL(a comm.Address) string {
	a.Host = reachable(a.Host)
	return a.String()
}

// reachable names this machine where a port is open at all of its addresses.
func reachable(address string) string {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return address
	}
	if at.Addr().IsUnspecified() {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port()).String()
	}
	return at.String()
}
