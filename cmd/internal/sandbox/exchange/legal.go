package exchange

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The versions change when a new consent is needed.
const (
	TermsVersion   = "swaperoo-sandbox-tos-1"
	PrivacyVersion = "swaperoo-sandbox-pp-1"
)

const terms = `# Terms of service of a sandbox exchange

This exchange is a sandbox of the Swaperoo software, for tests and
demonstrations. It is run by whoever started it, and by no company.

1. Its coins are worth nothing, whatever their currency is called. Nobody will
   exchange them for money.
2. Its reserves are filled by a sandbox too. Do not pay real money for them.
3. It may be stopped at any time; its coins end with it.
`

const termsGerman = `# Geschäftsbedingungen einer Sandbox-Exchange

Diese Exchange ist eine Sandbox der Software Swaperoo (a sandbox), für Tests und
Vorführungen. Sie wird von dem betrieben, der sie gestartet hat, und von keiner Firma.

1. Ihre Münzen sind nichts wert, wie ihre Währung auch heißt. Niemand wechselt
   sie in Geld.
2. Auch ihre Reserven füllt eine Sandbox. Bezahle kein echtes Geld dafür.
3. Sie kann jederzeit aufhören; ihre Münzen enden mit ihr.
`

const privacy = `# Privacy policy of a sandbox exchange

This exchange is a sandbox of the Swaperoo software. It keeps what it needs to
work in a file of whoever started it: the keys of reserves, from where they were
filled, and what it signed blindly. It cannot know your coins.
`

// translations are a text by its languages, English first.
type translations []struct{ language, text string }

// legal serves a text, which reads as plain text and as Markdown alike.
func (e *Exchange) legal(version string, in translations) http.HandlerFunc {
	var languages []string
	for _, t := range in {
		languages = append(languages, t.language)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		language := preferred(r.Header.Get("Accept-Language"), languages...)
		text := in[slices.Index(languages, language)].text
		media := preferred(r.Header.Get("Accept"), "text/plain", "text/markdown")
		etag := fmt.Sprintf("%q", version+"-"+language+"-"+strings.TrimPrefix(media, "text/"))
		h.Set("Taler-Terms-Version", version)
		h.Set("Avail-Languages", strings.Join(languages, ","))
		h.Set("Vary", "Accept-Language,Accept,Accept-Encoding")
		h.Set("Cache-Control", "public,max-age=864000")
		h.Set("Expires", httpTime(e.o.Clock().Add(24*time.Hour)))
		h["ETag"] = []string{etag}
		if strings.Trim(r.Header.Get("If-None-Match"), `"`) == strings.Trim(etag, `"`) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Type", media)
		h.Set("Content-Language", language)
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte(text))
	}
}

// preferred is the type or language that an Accept header wants most: the first of equals, and the
// first of all if it wants none of them.
func preferred(accept string, types ...string) string {
	best, most := types[0], 0.0
	for _, t := range types {
		if q := quality(accept, t); q > most {
			best, most = t, q
		}
	}
	return best
}

// quality is how much an Accept header wants a type (or an encoding): the value
// of the most exact range that holds it.
func quality(accept, media string) (q float64) {
	exact := -1
	family, _, _ := strings.Cut(media, "/")
	for part := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(part, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		level := -1
		switch {
		case name == media:
			level = 2
		case name == family+"/*":
			level = 1
		case name == "*/*":
			level = 0
		}
		if level <= exact {
			continue
		}
		exact, q = level, 1
		for p := range strings.SplitSeq(params, ";") {
			if value, is := strings.CutPrefix(strings.TrimSpace(p), "q="); is {
				if n, err := strconv.ParseFloat(value, 64); err == nil {
					q = n
				}
			}
		}
	}
	return q
}
