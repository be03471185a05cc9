package rpc

import (
	"encoding/json"
	"strings"
	"unicode"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// codeBase is where JSON-RPC lets servers number their own errors downwards.
const codeBase = -32000

// The longest texts that are taken from a peer, in characters.
const (
	maxReason = 64
	maxText   = 1000
)

// sent writes an error for the peer: of a fault all but its cause, of any other
// error nothing but that it happened.
func sent(err error) *jsonrpc2.Error {
	f := fault.From(err)
	if f.Kind == fault.Suspended { // a word of this process only
		f = fault.New(fault.Unavailable, "this party is going away").Because("going-away").WithHint("connect again later")
	}
	e := &jsonrpc2.Error{Code: codeBase - int64(f.Kind), Message: f.Message}
	e.SetError(f)
	return e
}

// received reads the error of a peer. People will read its texts, so they are
// cut and lose what could move a terminal's cursor or turn the reading order.
func received(e *jsonrpc2.Error) error {
	var f fault.Fault
	if e.Data == nil || json.Unmarshal(*e.Data, &f) != nil || f.Kind == 0 {
		f = fault.Fault{Kind: fault.Internal, Reason: "peer-failed", Message: "the peer failed: " + e.Message}
	}
	if f.Kind == fault.Suspended {
		f.Kind = fault.Unavailable
	}
	return &fault.Fault{Kind: f.Kind, Reason: reason(f.Reason), Message: plain(f.Message), Hint: plain(f.Hint)}
}

// reason takes a word as ours are: small letters, digits and hyphens.
func reason(r fault.Reason) fault.Reason {
	odd := strings.ContainsFunc(string(r), func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-'
	})
	if odd || len(r) > maxReason {
		return ""
	}
	return r
}

func plain(text string) string {
	text = strings.Map(func(c rune) rune {
		switch {
		case c == '\n' || c == '\t':
			return ' '
		case unicode.Is(unicode.C, c): // control and format characters
			return -1
		}
		return c
	}, text)
	if runes := []rune(text); len(runes) > maxText {
		text = string(runes[:maxText]) + "…"
	}
	return text
}
