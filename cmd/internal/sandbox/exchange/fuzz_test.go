package exchange_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/exchange"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// Foreign bytes never make the exchange fail, in either form, and what it says is
// always JSON with a code.
func FuzzWithdraw(f *testing.F) {
	forms := map[string]http.Handler{
		"/reserves/0000000000000000000000000000000000000000000000000000/batch-withdraw": handler(f, exchange.Protocol),
		"/withdraw": handler(f, exchange.Protocol26),
	}
	f.Add([]byte(`{"planchets":[{"denom_pub_hash":"00","coin_ev":{"cipher":"RSA","rsa_blinded_planchet":"00"},"reserve_sig":"00"}]}`), "deflate")
	f.Add([]byte(`{"planchets":[null]}`), "")
	f.Add([]byte(`{"cipher":"ED25519","denoms_h":[null],"coin_evs":[null]}`), "")
	f.Add([]byte("x\x9c\x03\x00"), "deflate")
	f.Fuzz(func(t *testing.T, body []byte, encoding string) {
		for path, h := range forms {
			r := httptest.NewRequest("POST", path, bytes.NewReader(body))
			r.Header.Set("Content-Encoding", encoding)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			var d taler.ErrorDetail
			if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil || d.Code == 0 || w.Code >= 500 {
				t.Errorf("%d: %s", w.Code, w.Body)
			}
		}
	})
}

func handler(f *testing.F, protocol int) http.Handler {
	f.Helper()
	file, err := templates[protocol]()
	if err != nil {
		f.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		f.Fatal(err)
	}
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "exchange.db"), data, 0o600); err != nil {
		f.Fatal(err)
	}
	e, err := exchange.Open(dir, exchange.Options{Clock: func() time.Time { return born }})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = e.Close() })
	return e.Handler()
}

func FuzzAcceptHeaders(f *testing.F) {
	f.Add("text/markdown;q=0.5, */*")
	f.Add(";;q=,")
	f.Fuzz(func(t *testing.T, accept string) {
		got := exchange.Preferred(accept, "text/plain", "text/markdown")
		if got != "text/plain" && got != "text/markdown" {
			t.Errorf("%q gets %s", accept, got)
		}
	})
}
