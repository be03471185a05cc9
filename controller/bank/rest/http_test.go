package rest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/https/httpstest"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/bank/rest"
)

// Rows: unknown members, deflate, compression invalid, body too large,
// content type.
func TestBodies(t *testing.T) {
	h := open(t, banktest.Options{})
	const good = `{"request_uid":"u","amount":"CHF:20"}`
	large := `{"request_uid":"u","amount":"CHF:20","more":"` + strings.Repeat("x", 65<<10) + `"}`
	header := func(pairs ...string) http.Header {
		out := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			out.Add(pairs[i], pairs[i+1])
		}
		return out
	}
	for name, c := range map[string]struct {
		header http.Header
		body   string
		status int
		code   taler.Code
	}{
		"plain, no type":                {nil, good, 200, 0},
		"type sent twice":               {header("Content-Type", "application/json", "Content-Type", "application/json"), good, 200, 0},
		"another type":                  {header("Content-Type", "text/plain"), good, 200, 0},
		"unknown members":               {nil, `{"request_uid":"u","amount":"CHF:20","colour":{"deep":[1]}}`, 200, 0},
		"white space around":            {nil, "\n " + good + "\n", 200, 0},
		"a byte order mark before":      {nil, "\ufeff" + good, 200, 0}, // as some editors and shells put into a file
		"a byte order mark, compressed": {header("Content-Encoding", "deflate"), httpstest.Zlibbed(t, "\ufeff"+good), 200, 0},
		"two byte order marks":          {nil, "\ufeff\ufeff" + good, 400, 22},
		"a byte order mark and nothing": {nil, "\ufeff", 400, 22},
		"identity":                      {header("Content-Encoding", "identity"), good, 200, 0},
		"zlib":                          {header("Content-Encoding", "deflate"), httpstest.Zlibbed(t, good), 200, 0},
		"zlib, other spelling":          {header("content-encoding", "Deflate"), httpstest.Zlibbed(t, good), 200, 0},
		"bare deflate":                  {header("Content-Encoding", "deflate"), httpstest.Deflated(t, good), 200, 0},
		"zlib, cut":                     {header("Content-Encoding", "deflate"), httpstest.Zlibbed(t, good)[:20], 400, 28},
		"zlib, checksum wrong":          {header("Content-Encoding", "deflate"), httpstest.Zlibbed(t, good)[:len(httpstest.Zlibbed(t, good))-1] + "x", 400, 28},
		"deflate that is none":          {header("Content-Encoding", "deflate"), good, 400, 28},
		"deflate of nothing":            {header("Content-Encoding", "deflate"), "", 400, 28},
		"gzip":                          {header("Content-Encoding", "gzip"), httpstest.Gzipped(t, good), 415, 28},
		"compressed twice":              {header("Content-Encoding", "deflate, deflate"), httpstest.Zlibbed(t, httpstest.Zlibbed(t, good)), 415, 28},
		"too large":                     {nil, large, 413, 32},
		"far too large":                 {nil, strings.Repeat(large, 75), 413, 32},
		"too large when inflated":       {header("Content-Encoding", "deflate"), httpstest.Zlibbed(t, large), 413, 32},
		"a bomb":                        {header("Content-Encoding", "deflate"), httpstest.Zlibbed(t, strings.Repeat("0", 32<<20)), 413, 32},
		"as large as may be":            {nil, good + strings.Repeat(" ", 64<<10-len(good)), 200, 0},
		"deep":                          {nil, `{"request_uid":` + strings.Repeat("[", 60<<10), 400, 22},
		"deep in a member nobody reads": {nil, `{"x":` + strings.Repeat("[", 30<<10) + strings.Repeat("]", 30<<10) + `}`, 400, 22},
		"not UTF-8 in a member":         {nil, "{\"request_uid\":\"u\",\"amount\":\"CHF:20\",\"x\":\"\xff\"}", 400, 22},
	} {
		t.Run(name, func(t *testing.T) {
			send(t, h, request{method: "POST", path: "/withdrawals", header: c.header, login: h.Terminal, body: c.body}).want(t, c.status, c.code)
		})
	}
}

// TestAbortTakesAnyBody: the document says that it is empty, and not everybody
// has read it.
//
// Rows: abort body.
func TestAbortTakesAnyBody(t *testing.T) {
	h := open(t, banktest.Options{})
	for name, body := range map[string]string{"none": "", "empty": "{}", "no JSON": "stop!"} {
		id := setUp(t, h, name)
		send(t, h, request{method: "POST", path: "/taler-integration/withdrawal-operation/" + id.Text() + "/abort", body: body}).want(t, 204, 0)
		id = setUp(t, h, name+" by the terminal")
		send(t, h, request{method: "DELETE", path: "/withdrawals/" + id.Text(), login: h.Terminal, body: body}).want(t, 204, 0)
	}
}

// Rows: cors.
func TestEveryAnswerIsForBrowsersToo(t *testing.T) {
	h := open(t, banktest.Options{})
	for name, r := range map[string]request{
		"good":         {method: "GET", path: "/taler-integration/config"},
		"no content":   {method: "GET", path: "/taler-wire-gateway/history/incoming", login: banktest.Login{Name: h.Gateway.User, Token: h.Gateway.Password}},
		"refused":      {method: "GET", path: "/config"},
		"unknown path": {method: "GET", path: "/nowhere"},
		"wrong method": {method: "PUT", path: "/config"},
		"preflight":    {method: "OPTIONS", path: "/config"},
	} {
		t.Run(name, func(t *testing.T) {
			got := send(t, h, r)
			for header, want := range map[string]string{
				"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "*", "Cache-Control": "no-store",
			} {
				if got.header.Get(header) != want {
					t.Errorf("%s: %q, want %q", header, got.header.Get(header), want)
				}
			}
			if got.header.Get("X-Request-Id") == "" {
				t.Error("there is no request id")
			}
			if (got.body == "") != (got.status == 204) {
				t.Errorf("%d with the body %q", got.status, got.body)
			}
			if got.body != "" && got.header.Get("Content-Type") != "application/json" {
				t.Errorf("the type is %q", got.header.Get("Content-Type"))
			}
		})
	}
	got := send(t, h, request{method: "OPTIONS", path: "/withdrawals", header: http.Header{"Origin": {"https://wallet.example"}}})
	got.want(t, 204, 0)
	if h := got.header.Get("Access-Control-Allow-Headers"); h != "Authorization, Content-Type, *" {
		t.Errorf("headers allowed: %q", h)
	}
	if h := got.header.Get("Access-Control-Allow-Methods"); h != "GET, HEAD, POST, DELETE, OPTIONS" {
		t.Errorf("methods allowed: %q", h)
	}
}

// Rows: slash at the end, head, base32.
func TestSpellingsOfOnePath(t *testing.T) {
	h := open(t, banktest.Options{})
	id := setUp(t, h, "u")
	want := send(t, h, request{method: "GET", path: "/taler-integration/withdrawal-operation/" + id.Text()})
	want.want(t, 200, 0)
	text := id.Text()
	for name, path := range map[string]string{
		"trailing slash":       text + "/",
		"letters escaped":      fmt.Sprintf("%%%02x%s", text[0], text[1:]),
		"escaped, and a slash": fmt.Sprintf("%%%02X%s//", text[0], text[1:]),
		"lower case":           strings.ToLower(text),
		"letters for digits":   strings.NewReplacer("0", "O", "1", "l", "V", "U").Replace(text),
		"unknown parameters":   text + "?external-confirmation=1&x=y",
		"a parameter too much": text + "?external-confirmation",
	} {
		if got := send(t, h, request{method: "GET", path: "/taler-integration/withdrawal-operation/" + path}); got.status != 200 || got.body != want.body {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	head := send(t, h, request{method: "HEAD", path: "/taler-integration/withdrawal-operation/" + text})
	if head.status != 200 || head.body != "" || head.header.Get("Content-Length") != want.header.Get("Content-Length") {
		t.Errorf("HEAD: %d %q, %s bytes", head.status, head.body, head.header.Get("Content-Length"))
	}
	send(t, h, request{method: "POST", path: "/withdrawals/", login: h.Terminal, body: `{"request_uid":"v","amount":"CHF:1"}`}).want(t, 200, 0)
}

// Rows: configs.
func TestConfigs(t *testing.T) {
	h := open(t, banktest.Options{})
	for path, want := range map[string]string{
		"/config":                    `{"name":"taler-terminal","version":"0:0:0","provider_name":"cards","currency":"CHF","withdrawal_fees":"CHF:0","wire_type":"simulator-transaction","implementation":"urn:x-swaperoo:bank"}`,
		"/taler-integration/config":  `{"name":"taler-bank-integration","version":"5:0:5","currency":"CHF","currency_specification":{"name":"CHF","currency":"CHF","num_fractional_input_digits":2,"num_fractional_normal_digits":2,"num_fractional_trailing_zero_digits":2,"alt_unit_names":{"0":"CHF"}},"implementation":"urn:x-swaperoo:bank"}`,
		"/taler-wire-gateway/config": `{"name":"taler-wire-gateway","version":"5:0:5","currency":"CHF","implementation":"urn:x-swaperoo:bank","support_account_check":true}`,
	} {
		r := request{method: "GET", path: path}
		if path == "/config" {
			r.login = h.Terminal
		}
		if got := send(t, h, r); got.status != 200 || got.body != want {
			t.Errorf("%s: %d\n got %s\nwant %s", path, got.status, got.body, want)
		}
	}
}

// TestAPanicIsOneRequests: a defect costs its own request an error, nothing else.
func TestAPanicIsOneRequests(t *testing.T) {
	a := rest.New(nil, rest.Options{Clock: time.Now}) // without a bank every handler that needs one panics
	w := httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/taler-integration/config", nil))
	response{w.Code, w.Header(), w.Body.String()}.want(t, 500, 60)
}
