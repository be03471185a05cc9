package taler

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"unicode"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// CheckURL accepts the address of a bank or exchange that a person, a QR code or
// another party named: https, or http when the host is this machine or allowHTTP
// was said. The error is fault.Denied for http elsewhere, fault.Invalid for what
// is no such address. A host is in ASCII: people compare it with one that they know, and
// letters of other scripts look the same, or like nothing at all.
func CheckURL(raw string, allowHTTP bool) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.Opaque != "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fault.New(fault.Invalid, "%q is not an http address", printable(clip(raw))).Because(ReasonAddressRefused).
			WithHint("write it like https://bank.example/")
	}
	if strings.ContainsFunc(u.Host, func(r rune) bool { return r > unicode.MaxASCII }) {
		return nil, fault.New(fault.Invalid, "the host of %+q has characters that are not of ASCII", clip(raw)).Because(ReasonAddressRefused).
			WithHint("write it as it is in the net: such a name begins with xn--")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fault.New(fault.Invalid, "the address of %s has a user, a query or a fragment", u.Hostname()).Because(ReasonAddressRefused).
			WithHint("leave them out: it is a host, and a path if need be")
	}
	if u.Scheme == "http" && !allowHTTP && !IsLoopbackName(u.Hostname()) {
		return nil, fault.New(fault.Denied, "%s would be asked without encryption", u.Host).
			Because(ReasonAddressRefused).WithHint("use an https address, or say --allow-http in a test")
	}
	u.ForceQuery = false // a question mark with nothing behind it asks nothing
	return u, nil
}

// IsLoopbackName reports whether a host as written in a URL is this machine.
func IsLoopbackName(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.Unmap().IsLoopback()
}

// IsPublic resolves a host and reports whether it has an address on the public
// Internet. A bank that is public may not send a wallet to addresses that are
// not.
func IsPublic(ctx context.Context, host string) (bool, error) {
	if addr, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return publicAddress(addr), nil
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return false, fault.Wrap(err, fault.Unavailable, "the name %s cannot be resolved", host).Because("server-unreachable").
			WithHint("check the address and the network, then try again")
	}
	return slices.ContainsFunc(addrs, publicAddress), nil
}

// GuardedDialer is the dialer for addresses that a public bank named. It looks at
// the address that is really connected to, after name resolution and for every
// redirect, so a name that changes its address in between gains nothing. A
// refusal is fault.Denied.
func GuardedDialer() *net.Dialer { return &net.Dialer{Control: DialControl} }

// DialControl is the Control function of GuardedDialer: it refuses every address
// that is not on the public Internet.
func DialControl(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !publicAddress(at.Addr()) {
		return fault.New(fault.Denied, "a public bank named %s, which is an address of a private network", address).Because(ReasonAddressRefused).
			WithHint("nothing was sent there; tell whoever shows this QR code")
	}
	return nil
}

// PrivateDialer is the dialer for a bank that was seen to be private: it refuses
// every address on the public Internet. A bank is either, for the whole of a
// request: one whose name changes in between gets no connection without a guard.
func PrivateDialer() *net.Dialer {
	return &net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || publicAddress(at.Addr()) {
			return fault.New(fault.Denied, "the bank was in a private network a moment ago, and is at %s now", address).Because(ReasonAddressRefused).
				WithHint("nothing was sent there; try again, and tell the bank if it stays so")
		}
		return nil
	}}
}

// Ranges that net/netip does not call private although nobody can be reached
// there over the Internet (IANA's registries of special-purpose addresses, RFC 6890),
// or that wrap an IPv4 address which could be private.
var notPublic = [...]netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // carrier NAT
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), // documentation
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"), // reserved and broadcast
	netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("100::/64"),  // discarded
	netip.MustParsePrefix("2001::/32"), // Teredo
	netip.MustParsePrefix("2001:2::/48"),
	netip.MustParsePrefix("2001:db8::/32"), // documentation, as 3fff::/20
	netip.MustParsePrefix("2002::/16"),     // 6to4
	netip.MustParsePrefix("3fff::/20"),
	netip.MustParsePrefix("5f00::/16"), // names of routers' segments
	netip.MustParsePrefix("fec0::/10"), // what fc00::/7 was called before
	netip.MustParsePrefix("::/96"),
}

func publicAddress(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	if !addr.IsGlobalUnicast() || addr.IsPrivate() {
		return false
	}
	return !slices.ContainsFunc(notPublic[:], func(p netip.Prefix) bool { return p.Contains(addr) })
}
