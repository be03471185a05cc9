package exchange_test

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/exchange"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// Foreign bytes never make the exchange fail, and what it says is always JSON
// with a code.
func FuzzBatchWithdraw(f *testing.F) {
	file, err := template()
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
	h := e.Handler()
	f.Add([]byte(`{"planchets":[{"denom_pub_hash":"00","coin_ev":{"cipher":"RSA","rsa_blinded_planchet":"00"},"reserve_sig":"00"}]}`), "deflate")
	f.Add([]byte(`{"planchets":[null]}`), "")
	f.Add([]byte("x\x9c\x03\x00"), "deflate")
	f.Fuzz(func(t *testing.T, body []byte, encoding string) {
		r := httptest.NewRequest("POST", "/reserves/0000000000000000000000000000000000000000000000000000/batch-withdraw", bytes.NewReader(body))
		r.Header.Set("Content-Encoding", encoding)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var d taler.ErrorDetail
		if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil || d.Code == 0 || w.Code >= 500 {
			t.Errorf("%d: %s", w.Code, w.Body)
		}
	})
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
