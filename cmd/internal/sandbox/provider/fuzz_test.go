package provider_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/provider"
	"github.com/swaperoo/swaperoo/plugins/card/wallee"
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
	f.Add([]byte(order("CHF:20", "R", "ota2.AAZhY2N0LTE")), "")
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

// What users of a space send never makes the simulator fail, either.
func FuzzWallee(f *testing.F) {
	p, err := provider.Open(f.TempDir(), provider.Options{Clock: func() time.Time { return time.Unix(0, 0) }})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = p.Close() })
	u, err := p.AddUser(f.Context(), 405)
	if err != nil {
		f.Fatal(err)
	}
	key, err := base64.StdEncoding.DecodeString(u.Key)
	if err != nil {
		f.Fatal(err)
	}
	h := p.Handler()
	f.Add([]byte(`{"filter":{"type":"LEAF","fieldName":"merchantReference","operator":"EQUALS","value":"W"},"startingEntity":0,"numberOfEntities":20}`), true)
	f.Add([]byte(`{"externalId":"x","type":"MERCHANT_INITIATED_ONLINE","transaction":1,"amount":1e3}`), false)
	f.Fuzz(func(t *testing.T, body []byte, search bool) {
		path := "/api/refund/refund?spaceId=405"
		if search {
			path = "/api/transaction/search?spaceId=405"
		}
		r := httptest.NewRequest("POST", path, bytes.NewReader(body))
		for name, value := range wallee.Sign(key, u.Number, time.Unix(0, 0), "POST", path) {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 200 && w.Code != wallee.StatusClientError || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%d: %s", w.Code, w.Body)
		}
	})
}
