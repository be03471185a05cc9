package https_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/https"
	"github.com/swaperoo/swaperoo/comm/https/httpstest"
)

// A server that compresses what nobody has asked it to is read all the same, within
// the same limit; what cannot be read is named, and is no answer.
func TestEncodingsThatWereNotAskedFor(t *testing.T) {
	const text = "what was said"
	long := strings.Repeat("0", 4096)
	for _, row := range []struct {
		name, encoding, sent string
		want                 string
		reason               fault.Reason
	}{
		{"gzip", "gzip", httpstest.Gzipped(t, text), text, ""},
		{"its old name", "X-GZIP", httpstest.Gzipped(t, text), text, ""},
		{"deflate", "deflate", httpstest.Zlibbed(t, text), text, ""},
		{"deflate without a container", "deflate", httpstest.Deflated(t, text), text, ""},
		{"identity", "identity", text, text, ""},
		{"nothing", "gzip", "", "", ""},
		{"just as long as may be", "gzip", httpstest.Gzipped(t, long[:1024]), long[:1024], ""},
		{"too long when it is out", "gzip", httpstest.Gzipped(t, long), "", "answer-too-big"},
		{"deflate too long when it is out", "deflate", httpstest.Zlibbed(t, long), "", "answer-too-big"},
		{"unknown", "br", text, "", "encoding-unknown"},
		{"two", "deflate, gzip", httpstest.Gzipped(t, httpstest.Zlibbed(t, text)), "", "encoding-unknown"},
		{"not what it says", "gzip", text, "", "encoding-broken"},
		{"not what it says either", "deflate", "<html>", "", "encoding-broken"},
		{"cut", "gzip", httpstest.Gzipped(t, text)[:20], "", "encoding-broken"},
		{"changed", "deflate", strings.Replace(httpstest.Zlibbed(t, text), httpstest.Zlibbed(t, text)[8:9], "\xfe", 1), "", "encoding-broken"},
	} {
		t.Run(row.name, func(t *testing.T) {
			url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", row.encoding)
				_, _ = io.WriteString(w, row.sent)
			})
			got, err := fetcher(t, https.Options{}).Fetch(t.Context(), comm.Fetch{Method: "POST", URL: url, Limit: 1024})
			if row.reason != "" {
				want(t, err, fault.Unknown, row.reason)
				return
			}
			if err != nil || string(got.Body) != row.want {
				t.Fatalf("answer is %q, %v", got.Body, err)
			}
			if row.encoding == "gzip" && row.sent != "" && (got.Header["Content-Encoding"] != "" || got.Header["Content-Length"] != "") {
				t.Errorf("what was decoded is said to be as it was sent: %v", got.Header)
			}
		})
	}
}

// Who asks for an encoding decodes by themselves.
func TestAnEncodingThatWasAskedFor(t *testing.T) {
	sent := httpstest.Gzipped(t, "x")
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, sent)
	})
	got, err := fetcher(t, https.Options{}).Fetch(t.Context(), comm.Fetch{Method: "GET", URL: url, Header: map[string]string{"accept-encoding": "gzip"}})
	if err != nil || string(got.Body) != sent || got.Header["Content-Encoding"] != "gzip" {
		t.Errorf("answer is %q, %v, %v", got.Body, got.Header, err)
	}
}

func FuzzEncodedAnswer(f *testing.F) {
	f.Add("gzip", []byte("\x1f\x8b\x08\x00"))
	f.Add("deflate", []byte("\x78\x9c"))
	f.Add("br", []byte{})
	f.Fuzz(func(t *testing.T, encoding string, body []byte) {
		const limit = 4096
		got, err := https.Plain(encoding, body, limit)
		if err == nil && len(got) > limit {
			t.Errorf("%d bytes came out", len(got))
		}
		if err != nil && fault.KindOf(err) != fault.Unknown {
			t.Errorf("error %v", err)
		}
	})
}
