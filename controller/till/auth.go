package till

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// admit lets till software in, and no page of a browser, on this machine or of
// another: a browser says of what page a request is, which till software does not.
func (a *API) admit(r *http.Request) error {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" || !a.named(strings.Trim(host, "[]")) {
		return fault.New(fault.Denied, "this is no API for the pages of a browser").Because("origin-refused")
	}
	given := r.Header.Values("Authorization")
	if len(given) != 1 {
		return unauthorized()
	}
	kind, token, _ := strings.Cut(given[0], " ")
	if !strings.EqualFold(kind, "Bearer") || !same(strings.TrimSpace(token), a.o.Token) {
		return unauthorized()
	}
	return nil
}

// named reports whether the request names this machine. One of HTTP/1.0 need name nobody,
// and every browser does.
func (a *API) named(host string) bool { return host == "" || a.o.Host(host) }

// same compares in constant time, whatever the lengths are. Nothing is the token of
// nobody.
func same(given, want string) bool {
	x, y := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1 && want != ""
}

const reasonUnauthorized fault.Reason = "unauthorized"

// shutWith is the status with which admit refuses. Only here "unauthorized" is 401: a
// bank that refuses the terminal's login uses the same word, and no token of the
// till's would help there.
func shutWith(f *fault.Fault) int {
	if f.Reason == reasonUnauthorized {
		return http.StatusUnauthorized
	}
	return statusOf(f)
}

func unauthorized() error {
	return fault.New(fault.Denied, "this needs the token of the terminal").Because(reasonUnauthorized).
		WithHint("it is in the file till.token of the terminal's directory: send it as Authorization: Bearer TOKEN")
}
