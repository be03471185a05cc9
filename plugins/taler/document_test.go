package taler_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	wire "github.com/swaperoo/swaperoo/comm/taler"
)

// What is missing in a document, or wrong with it, is said.
func TestWhatIsWrongWithADocument(t *testing.T) {
	for name, row := range map[string]struct{ path, body, says string }{
		"a page":             {"/config", "<html>Sign in</html>", "its config cannot be used: a JSON document was expected and a web page came"},
		"a page of keys":     {"/keys", "<!DOCTYPE html>", "its keys cannot be used: a JSON document was expected and a web page came"},
		"a number":           {"/keys", `{"version":"23:0:6","currency":17}`, `member "currency" holds another type`},
		"nothing":            {"/keys", "", "nothing came"},
		"half of it":         {"/keys", `{"version":"23:0:6","curr`, "not JSON at byte 25"},
		"no version":         {"/keys", `{"currency":"CHF"}`, "does not say which version"},
		"no version at all":  {"/config", `{"name":"taler-exchange","currency":"CHF"}`, "does not say which version"},
		"no master key":      {"/keys", `{"version":"23:0:6","currency":"CHF"}`, "names no master key"},
		"of another service": {"/config", `{"name":"taler-merchant","version":"1:0:0"}`, "its name is not taler-exchange"},
	} {
		t.Run(name, func(t *testing.T) {
			w := openWallet(t)
			w.mint.with(func() {
				w.mint.intercept = func(out http.ResponseWriter, in *http.Request) bool {
					if in.URL.Path == row.path {
						_, _ = io.WriteString(out, row.body)
					}
					return in.URL.Path == row.path
				}
			})
			_, err := w.do("taler.exchange", "REFRESH", w.exchange, nil)
			wantFault(t, err, fault.Invalid, wire.ReasonAnswerMalformed)
			if !strings.Contains(fault.From(err).Message, row.says) {
				t.Errorf("a person reads %q", fault.From(err).Message)
			}
		})
	}
}

// A status alone does not say what was asked for; the wallet does.
func TestWhichDocumentIsMissing(t *testing.T) {
	for path, says := range map[string]string{"/config": "does not show its config: ", "/keys": "does not show its keys: ", "/terms": "does not show its terms of service: "} {
		w := readyWallet(t)
		w.mint.with(func() {
			w.mint.intercept = func(out http.ResponseWriter, in *http.Request) bool {
				if in.URL.Path == path {
					http.Error(out, "no", http.StatusForbidden)
				}
				return in.URL.Path == path
			}
		})
		operation := "REFRESH"
		if path == "/terms" {
			operation = "TERMS"
		}
		_, err := w.do("taler.exchange", operation, w.exchange, nil)
		if f := fault.From(err); f == nil || f.Kind != fault.Denied || !strings.Contains(f.Message, says) || f.Hint == "" {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// Who answers 451 has refused for want of a name, with Taler's body or without; what
// they write is not shown.
func TestALegalReasonIsSaidInOurWords(t *testing.T) {
	for name, body := range map[string]string{
		"nothing": "", "a page": "<html>", "a code": `{"code":1028,"hint":"go to https://evil.example"}`, "wrong members": `{"code":1028,"h_payto":"zz"}`,
	} {
		t.Run(name, func(t *testing.T) {
			w := readyWallet(t)
			r := w.prepare("CHF:12", "CHF:12")
			w.mint.always(http.MethodPost, 451, body)
			_, err := w.batch("WITHDRAW", r.Reserve, nil)
			wantFault(t, err, fault.Denied, wire.ReasonKYCRequired)
			if f := fault.From(err); strings.Contains(f.Message+f.Hint, "evil") || !strings.Contains(f.Hint, w.mint.URL) || !strings.Contains(f.Hint, "nothing was charged") {
				t.Errorf("a person reads %q and %q", f.Message, f.Hint)
			}
		})
	}
}

// What is signed and true, and more than a wallet keeps, does not stop the operation in
// its middle: nothing is kept of it, and the exchange is there as before.
func TestAnExchangeOfMoreThanIsKept(t *testing.T) {
	w := readyWallet(t)
	before := w.state()
	w.mint.with(func() {
		w.mint.keys.Accounts[0].BankLabel = strings.Repeat("x", 3<<20) // which nobody signs
	})
	_, err := w.do("taler.exchange", "REFRESH", w.exchange, nil)
	wantFault(t, err, fault.Unsupported, "answer-too-big")
	if got := w.state(); len(got.Accounts) != len(before.Accounts) || len(got.Denominations) != len(before.Denominations) {
		t.Errorf("kept: %d accounts", len(got.Accounts))
	}
}
