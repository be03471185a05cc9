package taler

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/protocol"
)

// moved refuses an exchange that redirects the document at a path to a place where requests
// for coins would not follow. So a person learns before there is money that the address which
// they have named is not the right one. Redirects within an origin that keep the method are
// followed by all requests. A redirect of this document alone says nothing of the others.
func moved(base, path string, answer protocol.Response) error {
	to, here := sentOn(base, answer)
	if !redirects(answer.Status) || here && (follows(answer.Status) || !strings.HasSuffix(to.Path, "/"+path)) {
		return nil
	}
	err := fault.New(fault.Unsupported, "the exchange is not at %s: that address sends everybody elsewhere", base).Because(taler.ReasonRedirectRefused)
	if to == nil || !strings.HasSuffix(to.Path, "/"+path) {
		return err.WithHint("ask the exchange's operator for its address; nothing was changed")
	}
	to.Path, to.RawPath, to.RawQuery, to.Fragment = strings.TrimSuffix(to.Path, path), "", "", ""
	return err.WithHint("if the exchange's operator names %s, use that address: `wallet exchange add %s`; nothing was changed", to, to)
}

// sentOn is where an answer redirects its request, and whether that is at the same origin;
// nil if it is no address of an exchange.
func sentOn(base string, answer protocol.Response) (to *url.URL, here bool) {
	from, err := url.Parse(base)
	if err != nil {
		return nil, false
	}
	place := header(answer, "Location")
	if to, err = from.Parse(place); err != nil || place == "" || to.User != nil || len(place) > maxPlace || to.Hostname() == "" || to.Scheme != "http" && to.Scheme != "https" {
		return nil, false
	}
	return to, to.Scheme == from.Scheme && strings.EqualFold(to.Host, from.Host)
}

// maxPlace bounds an address that somebody else wrote.
const maxPlace = 200

func redirects(status int) bool {
	return status == http.StatusMovedPermanently || status == http.StatusFound || status == http.StatusSeeOther || follows(status)
}

// follows reports whether a redirect keeps method and body.
func follows(status int) bool {
	return status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect
}

// sentAway is the fault of a request that was redirected elsewhere. It is not sent there: that
// server is not the one that the person has named.
func sentAway(err *fault.Fault, base string, answer protocol.Response) *fault.Fault {
	where := "elsewhere"
	if to, _ := sentOn(base, answer); to != nil {
		where = "to " + to.Scheme + "://" + to.Host
	}
	return fault.Wrap(err, err.Kind, "the exchange sends this request on %s, and it does not go there", where).Because(taler.ReasonRedirectRefused)
}
