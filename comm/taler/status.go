package taler

import (
	"net/http"
	"strings"
	"unicode"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// StatusOf is what a REST server answers for an error: the HTTP status and the
// body. Only fault text is in it. Retry-After and WWW-Authenticate are the
// server's own business (503, 429 and 401).
func StatusOf(err error) (status int, body ErrorDetail) {
	f := fault.From(err)
	if f == nil {
		return http.StatusOK, ErrorDetail{}
	}
	r := rowOf(f)
	return r.status, ErrorDetail{Code: r.code, Hint: f.Message, Detail: advice(f)}
}

// advice is a fault's hint for whoever reads an answer: what speaks of commands
// and their flags is for people at a command line.
func advice(f *fault.Fault) string {
	switch {
	case !strings.Contains(f.Hint, "--") && !strings.Contains(f.Hint, "`"):
		return f.Hint
	case f.Kind == fault.Unavailable, f.Kind == fault.Timeout, f.Kind == fault.Unknown:
		return "send the same request again: nothing is done twice"
	}
	return ""
}

// rowOf is the first line of the fault's reason, of those with its kind if there
// is one.
func rowOf(f *fault.Fault) row {
	var first *row
	for n, r := range table {
		switch {
		case f.Reason == "" || r.reason != f.Reason:
		case r.kind == f.Kind:
			return r
		case first == nil:
			first = &table[n]
		}
	}
	if first != nil {
		return *first
	}
	if int(f.Kind) < len(byKind) && byKind[f.Kind].status != 0 {
		return byKind[f.Kind]
	}
	return byKind[fault.Internal]
}

// FaultOf is the reverse for a client: the fault in an answer that is not 2xx.
// The reason comes from the code, the kind from the code or else the status. A
// body that is not Taler's (a proxy's page, a captive portal) still gives a
// fault that says so. Text of the far side is cleaned and cut.
func FaultOf(status int, body []byte) error {
	var detail struct {
		Code   *Code  `json:"code"`
		Hint   string `json:"hint"`
		Detail string `json:"detail"`
	}
	if err := decode(body, &detail); err != nil || detail.Code == nil {
		f := fault.New(kindOfStatus(status), "the server answered %d %s without a Taler error body", status, http.StatusText(status)).
			Because(reasonOfStatus(status))
		switch {
		case status == http.StatusBadGateway, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
			return f.WithHint("a proxy in between has no answer of the server: does the server run?") // and the address is right
		case looksLikeHTML(body):
			return f.WithHint("a web page came back: is this the right address, and is no login page or proxy in between?")
		}
		return f.WithHint("is this the address of a Taler bank or exchange?")
	}
	kind, reason := kindOfStatus(status), reasonOfStatus(status)
	if r, found := rowOfCode(status, *detail.Code); found {
		kind, reason = r.kind, r.reason
	}
	said := printable(detail.Hint)
	if more := printable(detail.Detail); more != "" {
		said = strings.TrimSpace(said + " (" + more + ")")
	}
	if said == "" {
		said = http.StatusText(status)
	}
	return fault.New(kind, "the server refused with %d, code %d: %s", status, *detail.Code, said).Because(reason)
}

func rowOfCode(status int, code Code) (found row, ok bool) {
	if code == CodeEnd {
		return row{}, false // says no more than the status
	}
	for _, r := range table {
		if r.code != code || ok && r.status != status {
			continue
		}
		if r.status == status {
			return r, true
		}
		found, ok = r, true
	}
	return found, ok
}

func kindOfStatus(status int) fault.Kind {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusUnavailableForLegalReasons:
		return fault.Denied
	case http.StatusNotFound:
		return fault.NotFound
	case http.StatusConflict, http.StatusGone, http.StatusPreconditionFailed:
		return fault.Conflict
	case http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType, http.StatusNotImplemented:
		return fault.Unsupported
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return fault.Unavailable
	}
	switch {
	case status >= 500, status == http.StatusRequestTimeout:
		return fault.Unknown // it broke on the way, at a server or behind a proxy: nobody says what became of it
	case status >= 400:
		return fault.Invalid
	}
	return fault.Unsupported // 1xx and 3xx that nobody followed
}

func reasonOfStatus(status int) fault.Reason {
	switch status {
	case http.StatusUnauthorized:
		return ReasonUnauthorized
	case http.StatusForbidden:
		return ReasonForbidden
	case http.StatusMethodNotAllowed:
		return ReasonMethodInvalid
	case http.StatusTooManyRequests:
		return ReasonTooManyFailures
	case http.StatusNotFound:
		return ReasonEndpointUnknown
	}
	switch {
	case status >= 500, status == http.StatusRequestTimeout:
		return ReasonServerFailed
	case status >= 300 && status < 400:
		return ReasonRedirectRefused
	}
	return ReasonServerRefused
}

func looksLikeHTML(body []byte) bool {
	return strings.HasPrefix(strings.TrimSpace(string(body[:min(len(body), 64)])), "<")
}

// printable makes foreign text fit for a terminal and a log: one line, no
// control characters, at most 200 of them.
func printable(s string) string {
	const limit = 200
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n == limit {
			b.WriteRune('…')
			break
		}
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			r = ' '
		}
		b.WriteRune(r)
		n++
	}
	return strings.TrimSpace(b.String())
}

// clip shortens text of the far side that a message quotes.
func clip(s string) string {
	const limit = 60
	if len(s) > limit {
		return s[:limit] + "…"
	}
	return s
}
