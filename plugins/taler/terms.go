package taler

import (
	"context"
	"mime"
	"net/http"
	"regexp"
	"unicode/utf8"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/protocol"
)

const (
	maxTerms   = 4 << 20
	maxPiece   = 60 << 10 // of them in one result, which may be six times as long as JSON
	maxVersion = 128
)

// languages is the form of Accept-Language and Content-Language.
var languages = regexp.MustCompile(`^[A-Za-z0-9*,;=. -]{0,128}$`)

// terms reads the exchange's terms of service as they are now, a piece of them if
// they are long. An exchange that has configured none answers 501: then everything
// is empty.
func terms(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args taler.TermsArgs
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	if !languages.MatchString(args.Languages) {
		return protocol.Result{}, fault.New(fault.Invalid, "these are no languages: %.40q", args.Languages).Because(taler.ReasonParameterMalformed)
	}
	ask := protocol.Request{
		Address: c.Main(), Method: http.MethodGet, Path: "terms", Timeout: maxHold, Limit: maxTerms, Repeat: true,
		Header: map[string]string{"Accept": "text/markdown, text/plain;q=0.8, text/html;q=0.5"},
	}
	if args.Languages != "" {
		ask.Header["Accept-Language"] = args.Languages
	}
	answer, err := document(ctx, s, ask)
	if err != nil {
		return protocol.Result{}, err
	}
	out, err := readTerms(answer)
	if err != nil {
		return protocol.Result{}, err
	}
	out.Text, out.Next = piece(out.Text, args.From)
	return protocol.ResultOf(out)
}

// piece is the part of a text that begins at a byte, and where the next one does;
// 0: there is none. It does not cut a character.
func piece(text string, from int) (part string, next int) {
	from = min(max(from, 0), len(text))
	if len(text)-from <= maxPiece {
		return text[from:], 0
	}
	for next = from + maxPiece; !utf8.RuneStart(text[next]); next-- {
	}
	return text[from:next], next
}

// readTerms is the pure reading of the answer.
func readTerms(answer protocol.Response) (taler.TermsResult, error) {
	switch {
	case answer.Status == http.StatusNotImplemented:
		return taler.TermsResult{}, nil
	case answer.Status != http.StatusOK:
		return taler.TermsResult{}, unread("its terms of service", answer)
	case len(answer.Body) > maxTerms:
		return taler.TermsResult{}, malformed(fault.New(fault.Invalid, "its terms are too long"))
	}
	kind, params, err := mime.ParseMediaType(header(answer, "Content-Type"))
	if err != nil {
		kind, params = "text/plain", nil
	}
	text, err := termsText(answer.Body, kind, params["charset"])
	if err != nil {
		return taler.TermsResult{}, err
	}
	language := header(answer, "Content-Language")
	if !languages.MatchString(language) {
		language = ""
	}
	return taler.TermsResult{Version: termsVersion(answer), Text: text, Type: kind, Language: language}, nil
}

// termsVersion is what the exchange calls the version, and otherwise one that changes with the
// text: something in front of the exchange may have dropped the header.
func termsVersion(answer protocol.Response) string {
	for _, name := range []string{"Taler-Terms-Version", "ETag"} {
		if version := header(answer, name); version != "" && len(version) <= maxVersion {
			return version
		}
	}
	return crypto.H(answer.Body).String()
}

// accept records that a person accepted a version of the terms.
func accept(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args taler.AcceptArgs
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	if args.Version == "" || len(args.Version) > maxVersion {
		return protocol.Result{}, fault.New(fault.Invalid, "the version of the terms is missing or too long").Because(taler.ReasonParameterMissing)
	}
	if args.At == 0 {
		args.At = s.Now().Unix()
	}
	_, err := change(ctx, s, c.Main(), func(status string, e *taler.ExchangeState) (verdict, error) {
		if status == taler.ExchangeRemoved {
			return stay, fault.New(fault.Conflict, "this exchange was removed").Because("exchange-removed")
		}
		e.Terms = taler.ExchangeTerms{Version: args.Version, AcceptedVersion: args.Version, AcceptedAt: args.At}
		return become(status), nil
	})
	if err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(struct{}{})
}
