package taler

import (
	"net/url"
	"strings"
	"unicode"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// WithdrawURI is what a terminal's QR code says:
// taler://withdraw/HOST[:PORT]/[PATH/]ID. It is as secret as its ID and
// prints shortened; Text writes it whole.
type WithdrawURI struct {
	ID WithdrawalID
	// External tells the wallet that the confirmation happens outside, here at
	// the terminal (external-confirmation=1). Wallets that do not know it ignore it.
	External bool

	base string // "https://host/path/", ends with one slash
}

const (
	schemeHTTPS    = "taler://"
	schemeHTTP     = "taler+http://"
	prefixBrowser  = "ext+" // what a browser lets an extension open
	actionWithdraw = "withdraw/"
)

// NewWithdrawURI makes the URI for an operation of the bank whose Bank
// Integration API is at base (http or https, with or without a final slash).
func NewWithdrawURI(base string, id WithdrawalID) (WithdrawURI, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.ForceQuery {
		return WithdrawURI{}, badURI("its bank has no http address")
	}
	clean, err := bankBase(u.Scheme, u.Host+strings.TrimSuffix(u.EscapedPath(), "/"))
	if err != nil {
		return WithdrawURI{}, err
	}
	if u.User != nil || u.Fragment != "" {
		return WithdrawURI{}, badURI("its bank's address has a user or a fragment")
	}
	return WithdrawURI{ID: id, base: clean}, nil
}

// ParseWithdrawURI reads what a person scanned or typed, with whatever blanks came
// along around it. Scheme and action may be of any case, and the scheme as pages write it
// for browsers (ext+taler://); the host becomes lower case, the path keeps its own. Any
// query is ignored but external-confirmation, and any fragment: machines name their Wi-Fi
// there. The error is fault.Invalid with ReasonWithdrawURIMalformed and does not repeat the
// text.
func ParseWithdrawURI(text string) (WithdrawURI, error) {
	text = strings.TrimFunc(text, blank)
	if hasPrefixFold(text, prefixBrowser+schemeHTTPS) {
		text = text[len(prefixBrowser):]
	}
	scheme, rest := "https", text
	switch {
	case hasPrefixFold(text, schemeHTTPS):
		rest = rest[len(schemeHTTPS):]
	case hasPrefixFold(text, schemeHTTP):
		scheme, rest = "http", rest[len(schemeHTTP):]
	default:
		return WithdrawURI{}, badURI("it does not begin with taler://")
	}
	if !hasPrefixFold(rest, actionWithdraw) {
		return WithdrawURI{}, badURI("it does not ask for a withdrawal")
	}
	rest = rest[len(actionWithdraw):]
	rest, _, _ = strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	at := strings.LastIndexByte(rest, '/')
	if at < 0 {
		return WithdrawURI{}, badURI("the operation is missing after the bank")
	}
	if at == len(rest)-1 {
		return WithdrawURI{}, badURI("it ends with a slash, so the operation is missing")
	}
	id, err := ParseWithdrawalID(rest[at+1:])
	if err != nil {
		return WithdrawURI{}, badURI("its last part is not an operation: 52 characters of base32, or a UUID")
	}
	base, err := bankBase(scheme, rest[:at])
	if err != nil {
		return WithdrawURI{}, err
	}
	return WithdrawURI{ID: id, External: externalConfirmation(query), base: base}, nil
}

// blank reports whether a character shows nothing: what texts from pages, files and
// messages have around them.
func blank(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }

// BaseURL is where the bank serves the Bank Integration API; it ends with a
// slash.
func (w WithdrawURI) BaseURL() string { return w.base }

// Insecure reports whether the bank is asked over plain HTTP, which is for
// development only.
func (w WithdrawURI) Insecure() bool { return strings.HasPrefix(w.base, "http://") }

// Text is the whole URI, for a QR code.
func (w WithdrawURI) Text() string { return w.text(w.ID.Text()) }

// String is the URI with its secret shortened.
func (w WithdrawURI) String() string { return w.text(w.ID.String()) }

func (w WithdrawURI) text(id string) string {
	scheme, rest := schemeHTTPS, strings.TrimPrefix(w.base, "https://")
	if w.Insecure() {
		scheme, rest = schemeHTTP, strings.TrimPrefix(w.base, "http://")
	}
	query := ""
	if w.External {
		query = "?external-confirmation=1"
	}
	return scheme + actionWithdraw + rest + id + query
}

// bankBase checks HOST[:PORT][/PATH] and makes a base URL of it.
func bankBase(scheme, rest string) (string, error) {
	host, path, _ := strings.Cut(rest, "/")
	u, err := url.Parse(scheme + "://" + strings.ToLower(host) + "/")
	if err != nil || u.Hostname() == "" || u.User != nil || u.Path != "/" || u.Fragment != "" || u.RawQuery != "" {
		return "", badURI("its bank is not a host name")
	}
	if port := u.Port(); strings.HasSuffix(u.Host, ":") || port != "" && !portNumber(port) {
		return "", badURI("its bank's port is not a number")
	}
	for i := range len(u.Hostname()) {
		if c := u.Hostname()[i]; !alphanumeric(c) && strings.IndexByte("-_.:", c) < 0 {
			return "", badURI("its bank is not a host name")
		}
	}
	if path == "" {
		if strings.HasSuffix(rest, "/") {
			return "", badURI("its path has an empty part")
		}
		return u.String(), nil
	}
	for segment := range strings.SplitSeq(path, "/") {
		if !plainSegment(segment) {
			return "", badURI("its path has a part that no base URL has")
		}
	}
	return u.String() + path + "/", nil
}

// plainSegment accepts one part of a path that means the same to every reader.
func plainSegment(s string) bool {
	return s != "" && s != "." && s != ".." && isOf(s, "-_.~!$&'()*+,;=:@")
}

func externalConfirmation(query string) bool {
	values, _ := url.ParseQuery(query)
	return values.Has("external-confirmation")
}

func badURI(why string) error {
	return fault.New(fault.Invalid, "this is not a withdrawal at a bank: %s", why).
		Because(ReasonWithdrawURIMalformed).WithHint("scan the terminal's code again, or copy the whole taler://withdraw/… text")
}
