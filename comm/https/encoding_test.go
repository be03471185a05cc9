package https_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/https"
)

// written is a text as a compressor writes it.
func written(t *testing.T, text string, into func(io.Writer) (io.WriteCloser, error)) string {
	t.Helper()
	var out bytes.Buffer
	w, err := into(&out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func gzipped(w io.Writer) (io.WriteCloser, error)  { return gzip.NewWriter(w), nil }
func zlibbed(w io.Writer) (io.WriteCloser, error)  { return zlib.NewWriter(w), nil }
func deflated(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) }

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
		{"gzip", "gzip", written(t, text, gzipped), text, ""},
		{"its old name", "X-GZIP", written(t, text, gzipped), text, ""},
		{"deflate", "deflate", written(t, text, zlibbed), text, ""},
		{"deflate without a container", "deflate", written(t, text, deflated), text, ""},
		{"identity", "identity", text, text, ""},
		{"nothing", "gzip", "", "", ""},
		{"just as long as may be", "gzip", written(t, long[:1024], gzipped), long[:1024], ""},
		{"too long when it is out", "gzip", written(t, long, gzipped), "", "answer-too-big"},
		{"deflate too long when it is out", "deflate", written(t, long, zlibbed), "", "answer-too-big"},
		{"unknown", "br", text, "", "encoding-unknown"},
		{"two", "deflate, gzip", written(t, written(t, text, zlibbed), gzipped), "", "encoding-unknown"},
		{"not what it says", "gzip", text, "", "encoding-broken"},
		{"not what it says either", "deflate", "<html>", "", "encoding-broken"},
		{"cut", "gzip", written(t, text, gzipped)[:20], "", "encoding-broken"},
		{"changed", "deflate", strings.Replace(written(t, text, zlibbed), written(t, text, zlibbed)[8:9], "\xfe", 1), "", "encoding-broken"},
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
	sent := written(t, "x", gzipped)
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
