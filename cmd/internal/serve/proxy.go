package serve

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Proxies are the reverse proxies that an operator has put in front. Only they
// are believed when they name whom a request comes from.
type Proxies []netip.Prefix

// ParseProxies reads addresses and networks, such as 10.0.0.7 and 10.0.0.0/24.
func ParseProxies(list []string) (Proxies, error) {
	var all Proxies
	for _, text := range list {
		p, err := netip.ParsePrefix(text)
		if a, is := netip.ParseAddr(text); is == nil {
			p, err = a.Prefix(a.BitLen())
		}
		if err != nil {
			return nil, fault.New(fault.Invalid, "%q is no address of a proxy, and no network", text).Because("address-malformed").
				WithHint("write it like 10.0.0.7 or 10.0.0.0/24")
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

func (p Proxies) have(a netip.Addr) bool {
	return slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(a.Unmap()) })
}

// Name has requests that come from a proxy count for the address that it names
// in X-Forwarded-For: the last that is not a proxy itself, for what stands before
// it anybody can have written. What others say there is not read.
func (p Proxies) Name(h http.Handler) http.Handler {
	if len(p) == 0 {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && p.have(from.Addr()) {
			if client, named := p.client(r.Header.Values("X-Forwarded-For")); named {
				behind := *r // the handler's own; headers and body are shared
				behind.RemoteAddr = net.JoinHostPort(client.String(), "0")
				r = &behind
			}
		}
		h.ServeHTTP(w, r)
	})
}

func (p Proxies) client(headers []string) (netip.Addr, bool) {
	hops := strings.Split(strings.Join(headers, ","), ",")
	for _, hop := range slices.Backward(hops) {
		a, err := hopAddress(strings.TrimSpace(hop))
		if err != nil {
			return netip.Addr{}, false
		}
		if a = a.Unmap().WithZone(""); !p.have(a) {
			return a, true
		}
	}
	return netip.Addr{}, false
}

// hopAddress reads an address as proxies write it, some of them with the port.
func hopAddress(hop string) (netip.Addr, error) {
	if at, err := netip.ParseAddrPort(hop); err == nil {
		return at.Addr(), nil
	}
	return netip.ParseAddr(strings.Trim(hop, "[]"))
}

// direct reports whether a request comes from this machine and through nothing.
func direct(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !from.Addr().Unmap().IsLoopback() {
		return false
	}
	for _, said := range []string{"X-Forwarded-For", "Forwarded", "Via", "X-Real-Ip"} {
		if len(r.Header.Values(said)) > 0 {
			return false
		}
	}
	return true
}
