package provider_test

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/provider"
)

// Foreign bytes never make the simulator fail, and it always answers JSON.
func FuzzPayments(f *testing.F) {
	p, err := provider.Open(f.TempDir(), provider.Options{Clock: func() time.Time { return time.Unix(0, 0) }})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = p.Close() })
	p.Stop() // no answer is late
	h := p.Handler()
	f.Add([]byte(order("CHF:20", "R", "approved")), "k")
	f.Add([]byte(order("CHF:20", "R", "ota1.AAZhY2N0LTE")), "")
	f.Add([]byte(`{"amount":null}`), "k")
	f.Fuzz(func(t *testing.T, body []byte, key string) {
		r := httptest.NewRequest("POST", "/payments", bytes.NewReader(body))
		r.Header.Set("Idempotency-Key", key)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code >= 500 || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%d: %s", w.Code, w.Body)
		}
	})
}
