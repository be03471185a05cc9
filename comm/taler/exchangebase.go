package taler

import (
	"net/url"
	"strings"
)

// ExchangeBase is the base URL of an exchange in the spelling that is used here: scheme and host
// in small letters, without the scheme's default port, and with a slash at the end. Two
// spellings of one address are one exchange with one master key.
func ExchangeBase(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		u.Host = strings.ToLower(u.Host)
		if port := u.Port(); u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
			u.Host = strings.TrimSuffix(u.Host, ":"+port)
		}
		address = u.String()
	}
	if strings.HasSuffix(address, "/") {
		return address
	}
	return address + "/"
}
