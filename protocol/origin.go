package protocol

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// address is the base URL that an instrument names in a member of its state.
func address(holder instrument.Instance, member string) (*url.URL, error) {
	var named json.RawMessage
	if member != "" {
		if err := holder.Member(member, &named); err != nil {
			return nil, err
		}
	}
	var base string
	if json.Unmarshal(named, &base) != nil || base == "" {
		return nil, fault.New(fault.Denied, "a %s names no address to send requests to", holder.Class).Because("fetch-denied")
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fault.New(fault.Invalid, "the address of this %s is not a plain http or https URL", holder.Class).Because("address-malformed")
	}
	return u, nil
}

// below adds a path with a query to a base URL. A path that leads to another host or upwards, or
// that a server might read so, is refused and not repaired.
func below(base *url.URL, rest string) (string, error) {
	root := strings.TrimSuffix(base.EscapedPath(), "/") + "/"
	u, err := url.Parse(base.Scheme + "://" + base.Host + root + strings.TrimPrefix(rest, "/"))
	if err != nil || u.Scheme != base.Scheme || u.Host != base.Host || u.User != nil || u.Fragment != "" ||
		!strings.HasPrefix(u.EscapedPath(), root) || strings.Contains(u.EscapedPath(), "//") || strings.Contains(u.Path, "\\") ||
		slices.ContainsFunc(strings.Split(u.Path, "/"), dots) {
		return "", fault.New(fault.Denied, "the request leaves the origin that was granted").Because("fetch-denied")
	}
	u.RawQuery = escaped(u.RawQuery)
	return u.String(), nil
}

// escaped is a query as a request can have it. Package url escapes a path, and leaves a query as it
// is written: a blank in it would end the address in the middle of the request's first line.
func escaped(query string) string {
	var out strings.Builder
	for _, b := range []byte(query) {
		if b <= ' ' || b >= 0x7f {
			fmt.Fprintf(&out, "%%%02X", b)
			continue
		}
		out.WriteByte(b)
	}
	return out.String()
}

// dots reports whether a segment of a path leads upwards or nowhere.
func dots(segment string) bool { return segment == "." || segment == ".." }
