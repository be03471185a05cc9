package taler

import (
	"context"
	"mime"
	"net/http"
	"unicode/utf8"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/protocol"
)

const (
	maxTerms   = 64 << 10
	maxVersion = 128
)

// terms reads the exchange's terms of service as they are now. An exchange that
// has configured none answers 501: then everything is empty.
func terms(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	answer, err := s.Fetch(ctx, protocol.Request{
		Address: c.Main(), Method: http.MethodGet, Path: "terms", Timeout: maxHold, Limit: maxTerms, Repeat: true,
		Header: map[string]string{"Accept": "text/markdown, text/plain;q=0.8, text/html;q=0.5"},
	})
	if err != nil {
		return protocol.Result{}, err
	}
	out, err := readTerms(answer)
	if err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(out)
}

// readTerms is the pure reading of the answer.
func readTerms(answer protocol.Response) (taler.TermsResult, error) {
	switch {
	case answer.Status == http.StatusNotImplemented:
		return taler.TermsResult{}, nil
	case answer.Status != http.StatusOK:
		return taler.TermsResult{}, taler.FaultOf(answer.Status, answer.Body)
	case !utf8.Valid(answer.Body) || len(answer.Body) > maxTerms:
		return taler.TermsResult{}, malformed(fault.New(fault.Invalid, "its terms are not text, or too long"))
	}
	version := header(answer, "Taler-Terms-Version")
	if version == "" {
		version = header(answer, "ETag")
	}
	if version == "" || len(version) > maxVersion {
		return taler.TermsResult{}, malformed(fault.New(fault.Invalid, "its terms have no version"))
	}
	kind, _, err := mime.ParseMediaType(header(answer, "Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	return taler.TermsResult{Version: version, Text: string(answer.Body), Type: kind}, nil
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
