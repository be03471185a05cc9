package https

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// check refuses what the node never sends, before anything is connected.
func (f *Fetcher) check(r comm.Fetch) (*url.URL, error) {
	u, err := f.target(r.URL)
	if err != nil {
		return nil, err
	}
	switch {
	case !token(r.Method) || r.Method == http.MethodConnect || r.Method == http.MethodTrace:
		return nil, invalid("method-refused", "no request can be made with the method %q", r.Method)
	case len(r.Body) > maxBody:
		return nil, invalid("body-too-big", "a request of %d bytes is too long; the limit is %d", len(r.Body), maxBody)
	case r.Limit < 0 || r.Limit > maxLimit:
		return nil, invalid("limit-refused", "an answer of %d bytes cannot be asked for; the limit is %d", r.Limit, maxLimit)
	case r.Timeout < 0 || r.Timeout > maxTimeout:
		return nil, invalid("timeout-refused", "a request cannot take %s; the limit is %s", r.Timeout, maxTimeout)
	}
	return u, checkHeader(r.Header)
}

// target is where a request goes: to a web server, in clear only where that is allowed.
func (f *Fetcher) target(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, invalid("url-malformed", "this is not the URL of a web server")
	}
	if u.Scheme == "http" && !f.o.AllowHTTP && !loopback(u.Hostname()) {
		return nil, fault.New(fault.Denied, "%s would be reached without encryption", u.Host).
			Because("http-denied").WithHint("use https, or allow http in the configuration of this party")
	}
	u.Fragment = ""
	return u, nil
}

func checkHeader(h map[string]string) error {
	for name, value := range h {
		if !token(name) || strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
			return invalid("header-malformed", "the header %q cannot be sent", name)
		}
		if ours(name) {
			return invalid("header-refused", "the header %q is not the plugin's to set", name)
		}
	}
	return nil
}

// ours are the headers that say whom we talk to, how, and who we are.
func ours(name string) bool {
	switch name = http.CanonicalHeaderKey(name); name {
	case "Host", "Cookie", "User-Agent", "Connection", "Content-Length", "Transfer-Encoding",
		"Upgrade", "Te", "Trailer", "Keep-Alive", "Expect":
		return true
	}
	return strings.HasPrefix(name, "Proxy-")
}

// token is what RFC 9110 allows as a method and as a header's name.
func token(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return c <= ' ' || c >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c)
	})
}

// redirect is where an answer sends a request on to; nil if the answer is the
// one to give back. Only the same origin, and never with another method.
func redirect(r comm.Fetch, from *url.URL, status int, location string) *url.URL {
	switch status {
	case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	case http.StatusMovedPermanently, http.StatusFound:
		if r.Method != http.MethodGet {
			return nil
		}
	default:
		return nil
	}
	to, err := from.Parse(location)
	if err != nil || location == "" || to.User != nil || origin(to) != origin(from) {
		return nil
	}
	to.Fragment = ""
	return to
}

func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}

func invalid(reason fault.Reason, format string, args ...any) error {
	return fault.New(fault.Invalid, format, args...).Because(reason)
}
