package serve

import (
	"context"
	"net"
	"net/netip"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// Port is an open TCP port that nobody is answered at yet.
type Port struct{ net.Listener }

// Listen opens a port at host:port; port 0 takes a free one. It will speak plain
// HTTP: on an address that other machines reach that must have been said.
func Listen(ctx context.Context, address string, allowHTTP bool) (*Port, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%q is no address to listen at", address).Because("address-malformed").
			WithHint("write it like 127.0.0.1:8080; port 0 takes a free one")
	}
	if !allowHTTP && !taler.IsLoopbackName(host) {
		return nil, fault.New(fault.Denied, "other machines would reach %s without encryption", address).Because("address-refused").
			WithHint("listen at 127.0.0.1 behind a proxy that speaks https, or say --allow-http in a test")
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fault.Wrap(err, fault.Conflict, "nobody can listen at %s: it is taken, or not of this machine", address).Because("address-taken")
	}
	return &Port{l}, nil
}

// URL is where a path of the port is for callers on this machine.
func (p *Port) URL(path string) string { return "http://" + reachable(p.Addr().String()) + path }

// Base is where a port will be for callers on this machine, as URL("/") says it
// once it is open; empty as long as nobody knows, such as for port 0.
func Base(address string) string {
	at, err := netip.ParseAddrPort(address)
	if err != nil || at.Port() == 0 {
		return ""
	}
	return "http://" + reachable(address) + "/"
}

// sessionURL is an address of sessions, for callers on this machine.
func sessionURL(a comm.Address) string {
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
