package rest

import (
	"bytes"
	"compress/zlib"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
)

// FuzzInflate: whatever comes, the answer is at most the limit, or a refusal that
// is the sender's fault.
func FuzzInflate(f *testing.F) {
	var good bytes.Buffer
	w := zlib.NewWriter(&good)
	_, _ = w.Write([]byte(`{"request_uid":"u"}`))
	_ = w.Close()
	for _, seed := range []string{"", "{}", good.String(), good.String()[2:], good.String()[:9], "\x78\x9c", "\x00", strings.Repeat("\xff", 99)} {
		f.Add([]byte(seed))
	}
	const limit = 1 << 10
	f.Fuzz(func(t *testing.T, raw []byte) {
		plain, err := inflate(raw, limit)
		if len(plain) > limit {
			t.Errorf("%d bytes came out", len(plain))
		}
		if status, _ := taler.StatusOf(err); err != nil && status != 400 && status != 413 {
			t.Errorf("refused with %d: %v", status, err)
		}
	})
}

// FuzzCredentials: a header gives a login and a token, or a refusal that is the
// sender's fault and repeats nothing of it.
func FuzzCredentials(f *testing.F) {
	for _, seed := range []string{"", "Basic", "Basic ", "Basic dGlsbDp0b2tlbg==", "basic dGlsbDp0b2tlbg==", "Basic dGlsbA==", "Bearer secret-token:a:b", "Bearer x", "Digest a=b", "\x00 \xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		r := &http.Request{Header: http.Header{"Authorization": {header}}}
		for _, s := range []scheme{terminals, gateways} {
			_, err := credentials(r, s)
			if err == nil {
				continue
			}
			if status, _ := taler.StatusOf(err); status != 400 && status != 401 {
				t.Errorf("refused with %d: %v", status, err)
			}
			if _, secret, ok := strings.Cut(header, " "); ok && len(secret) > 8 && strings.Contains(err.Error(), secret) {
				t.Errorf("the refusal repeats the header: %v", err)
			}
		}
	})
}

// FuzzRequest throws requests at the whole handler, as far as it goes without a
// bank: paths, methods and headers. Every refusal has a Taler error body.
func FuzzRequest(f *testing.F) {
	for _, seed := range [][2]string{
		{"GET", "/config"},
		{"GET", "/taler-integration/withdrawal-operation/%00"},
		{"POST", "//"},
		{"PUT", "/taler-wire-gateway/config/"},
		{"OPTIONS", "/x"},
		{"HEAD", "/withdrawals/../.."},
		{"GET", "/taler-wire-gateway/history/incoming?limit=0"},
	} {
		f.Add(seed[0], seed[1])
	}
	a := New(nil, Options{Clock: func() time.Time { return time.Unix(0, 0) }})
	f.Fuzz(func(t *testing.T, method, target string) {
		r, err := http.NewRequest(method, "http://bank.example"+target, nil)
		if err != nil || r.URL.Host != "bank.example" {
			return
		}
		r.RemoteAddr = "192.0.2.1:1"
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		var body taler.ErrorDetail
		if w.Code >= 300 && taler.Unmarshal(w.Body.Bytes(), &body) != nil {
			t.Errorf("%s %q: %d %q", method, target, w.Code, w.Body)
		}
		if w.Code >= 300 && w.Code < 400 {
			t.Errorf("%s %q is redirected to %q", method, target, w.Header().Get("Location"))
		}
	})
}
