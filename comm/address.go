package comm

import (
	"net/url"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Address says where a peer is and which key it must prove to have:
// "wss://host:port/#KEY", "unix:/path#KEY", "taler+https://host/path/".
type Address struct {
	Scheme string
	Host   string // host:port; empty for paths
	Path   string
	Key    string // text of the identity key; empty if unknown yet
}

// ParseAddress reads an address; fault.Invalid.
func ParseAddress(text string) (Address, error) {
	u, err := url.Parse(text)
	if err != nil || !addresses(u) {
		return Address{}, fault.New(fault.Invalid, "%q is not the address of a peer", text).
			Because("address-malformed").WithHint("write it like wss://host:port/#KEY")
	}
	path := u.Path
	if u.Opaque != "" {
		path = u.Opaque
	}
	return Address{Scheme: strings.ToLower(u.Scheme), Host: u.Host, Path: path, Key: u.Fragment}, nil
}

// addresses reports whether a URL names a place and says nothing else.
func addresses(u *url.URL) bool {
	somewhere := u.Host != "" || u.Path != "" || u.Opaque != ""
	return u.Scheme != "" && somewhere && u.User == nil && u.RawQuery == "" && !u.ForceQuery &&
		!strings.HasPrefix(u.Path, "//") // after an empty host it would be read as a host
}

// String writes what ParseAddress reads.
func (a Address) String() string {
	u := url.URL{Scheme: a.Scheme, Host: a.Host, Path: a.Path, Fragment: a.Key}
	if a.Host == "" && !strings.HasPrefix(a.Path, "/") {
		u.Path, u.Opaque = "", a.Path
	}
	u.OmitHost = true
	return u.String()
}

// InClear reports whether the address is that of a line in clear: both ends have allowed
// it, and nobody proves a key there.
func (a Address) InClear() bool { return strings.HasSuffix(a.Scheme, "-clear") }
