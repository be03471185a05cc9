package exchange_test

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/exchange"
	"github.com/swaperoo/swaperoo/comm/https/httpstest"
	"github.com/swaperoo/swaperoo/comm/taler"
)

func TestAddressesAndMethods(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		method, path string
		status       int
		code         taler.Code
		header, want string
	}{
		{"GET", "/nope", 404, taler.CodeEndpointUnknown, "Access-Control-Allow-Origin", "*"},
		{"POST", "/nope", 404, taler.CodeEndpointUnknown, "", ""},
		{"GET", "//keys", 404, taler.CodeEndpointUnknown, "Location", ""},
		{"POST", "//withdraw", 404, taler.CodeEndpointUnknown, "Location", ""},
		{"POST", "/keys", 405, taler.CodeMethodInvalid, "Allow", "GET, HEAD"},
		{"GET", "/reserves/X/batch-withdraw", 405, taler.CodeMethodInvalid, "Allow", "POST"},
		{"OPTIONS", "/keys", 204, 0, "Access-Control-Allow-Methods", "*"},
		{"HEAD", "/keys", 200, 0, "Content-Type", "application/json"},
		{"HEAD", "/config", 200, 0, "Connection", "close"},
		{"GET", "/", 302, 0, "Location", "/terms"},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			a := w.do(c.method, c.path, nil, nil)
			if a.status != c.status || c.header != "" && a.header.Get(c.header) != c.want {
				t.Errorf("%d, %v", a.status, a.header)
			}
			if c.code != 0 && a.code(t) != c.code {
				t.Errorf("%s", a.body)
			}
		})
	}
}

func TestBodiesMayBeDeflatedAndNothingElse(t *testing.T) {
	w := newWorld(t)
	reserve := w.fill("CHF:5")
	coins := plan(t, reserve, w.denom("CHF:1"))
	text, err := json.Marshal(request(coins...))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, encoding string
		body           []byte
		status         int
		code           taler.Code
	}{
		{"plain", "", text, 200, 0},
		{"zlib", "deflate", []byte(httpstest.Zlibbed(t, string(text))), 200, 0},
		{"zlib, in capitals", "Deflate", []byte(httpstest.Zlibbed(t, string(text))), 200, 0},
		{"raw deflate", "deflate", []byte(httpstest.Deflated(t, string(text))), 400, taler.CodeJSONInvalid},
		{"gzip", "gzip", []byte(httpstest.Gzipped(t, string(text))), 400, taler.CodeJSONInvalid},
		{"plain said to be deflate", "deflate", text, 400, taler.CodeJSONInvalid},
		{"inflates without end", "deflate", []byte(httpstest.Zlibbed(t, strings.Repeat("\x00", 4<<20))), 413, taler.CodeUploadTooLarge},
		{"too long", "", bytes.Repeat([]byte(" "), 2<<20), 413, taler.CodeUploadTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := http.Header{}
			if c.encoding != "" {
				h.Set("Content-Encoding", c.encoding)
			}
			a := w.do(http.MethodPost, withdrawPath(reserve), h, c.body)
			if a.status != c.status || c.code != 0 && a.code(t) != c.code {
				t.Errorf("%d: %.100s", a.status, a.body)
			}
			if a.status == 200 {
				verify(t, a, coins)
			}
		})
	}
}

func TestAnswersAreDeflatedWhenAsked(t *testing.T) {
	w := newWorld(t)
	plain := w.get("/keys")
	a := w.do(http.MethodGet, "/keys", http.Header{"Accept-Encoding": {"deflate, gzip, br, zstd"}}, nil)
	if a.header.Get("Content-Encoding") != "deflate" {
		t.Fatalf("header %v", a.header)
	}
	z, err := zlib.NewReader(bytes.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil || string(text) != string(plain.body) {
		t.Errorf("it inflates to %d bytes, %v", len(text), err)
	}
	b := w.do(http.MethodGet, "/keys", http.Header{"Accept-Encoding": {"gzip, deflate;q=0"}}, nil)
	if b.header.Get("Content-Encoding") != "" || string(b.body) != string(plain.body) {
		t.Errorf("header %v", b.header)
	}
}

// The recorded exchange says how long /keys is, also to who asks for no more (HEAD).
func TestAnswersSayHowLongTheyAre(t *testing.T) {
	w := newWorld(t)
	for _, encoding := range []string{"identity", "deflate"} {
		h := http.Header{"Accept-Encoding": {encoding}}
		a := w.do(http.MethodGet, "/keys", h, nil)
		if a.header.Get("Content-Length") != strconv.Itoa(len(a.body)) || len(a.body) < 4<<10 {
			t.Errorf("%s: %d bytes, %v", encoding, len(a.body), a.header)
		}
		if b := w.do(http.MethodHead, "/keys", h, nil); b.header.Get("Content-Length") != strconv.Itoa(len(a.body)) {
			t.Errorf("%s: HEAD of %d bytes: %v", encoding, len(a.body), b.header)
		}
	}
}

func TestTermsSpeakTwoLanguages(t *testing.T) {
	w := newWorld(t)
	for accept, want := range map[string]string{"": "en", "de": "de", "de-CH, de;q=0.9, en;q=0.5": "de", "en-GB, en;q=0.9": "en", "fr, en;q=0.5": "en", "rm": "en", "de;q=0.1, en;q=0.2": "en"} {
		a := w.do(http.MethodGet, "/terms", http.Header{"Accept-Language": {accept}}, nil)
		if a.header.Get("Content-Language") != want || a.header.Get("Avail-Languages") != "en,de" || strings.Contains(string(a.body), "Münzen") != (want == "de") || !strings.Contains(a.header.Get("ETag"), "-"+want+"-") {
			t.Errorf("%q: %v", accept, a.header)
		}
	}
}

func TestTermsAreVersionedTexts(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ path, accept, media, version string }{
		{"/terms", "", "text/plain", exchange.TermsVersion},
		{"/terms", "*/*", "text/plain", exchange.TermsVersion},
		{"/terms", "text/markdown, text/plain;q=0.8, text/html;q=0.5", "text/markdown", exchange.TermsVersion},
		{"/terms", "text/markdown;q=0.3, text/*", "text/plain", exchange.TermsVersion},
		{"/terms", "text/html", "text/plain", exchange.TermsVersion},
		{"/privacy", "text/markdown", "text/markdown", exchange.PrivacyVersion},
	} {
		t.Run(c.path+" "+c.accept, func(t *testing.T) {
			a := w.do(http.MethodGet, c.path, http.Header{"Accept": {c.accept}}, nil)
			if a.status != 200 || a.header.Get("Content-Type") != c.media || a.header.Get("Taler-Terms-Version") != c.version ||
				a.header.Get("Content-Language") != "en" || a.header.Get("Expires") == "" {
				t.Errorf("%d, %v", a.status, a.header)
			}
			if !strings.Contains(string(a.body), "sandbox") {
				t.Error("it does not say that it is a sandbox")
			}
			h := http.Header{"Accept": {c.accept}, "If-None-Match": {a.header.Get("ETag")}}
			if b := w.do(http.MethodGet, c.path, h, nil); b.status != 304 || len(b.body) != 0 || b.header.Get("Taler-Terms-Version") != c.version {
				t.Errorf("again: %d, %v", b.status, b.header)
			}
		})
	}
}
