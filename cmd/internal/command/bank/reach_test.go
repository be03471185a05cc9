package bank

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// TestWhatOthersReach has proxies in front of a bank: one that is set up well, one that does not say
// whom requests come from, and some that do not lead to it.
func TestWhatOthersReach(t *testing.T) {
	says := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
	}
	apis := http.NewServeMux()
	apis.Handle("/taler-integration/config", says(`{"name":"taler-bank-integration"}`))
	bank := httptest.NewServer(serve.Health{Ready: func(context.Context) error { return nil }, Metrics: says("c2ec_long_polls 0\n"), Next: apis})
	defer bank.Close()
	to, err := url.Parse(bank.URL)
	if err != nil {
		t.Fatal(err)
	}
	tell := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to); r.SetXForwarded() }}
	silent := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	for _, row := range []struct {
		name  string
		front http.Handler
		path  string
		want  fault.Reason
	}{
		{"a proxy", tell, "/", ""},
		{"a proxy below a path", http.StripPrefix("/c2ec", tell), "/c2ec/", ""},
		{"a proxy that does not say who asks", silent, "/", "figures-exposed"},
		{"a proxy that leaves its path", tell, "/c2ec/", "url-unreachable"},
		{"a page of its own", says("<html>"), "/", "url-unreachable"},
	} {
		t.Run(row.name, func(t *testing.T) {
			front := httptest.NewTLSServer(row.front)
			defer front.Close()
			http.DefaultClient.Transport = front.Client().Transport
			defer func() { http.DefaultClient.Transport = nil }()
			s := settings{URL: front.URL + row.path}
			if warning := s.reached(t.Context()); warning == nil != (row.want == "") || warning != nil && warning.Reason != row.want {
				t.Errorf("warning = %v", warning)
			}
		})
	}
	gone := settings{URL: "http://127.0.0.1:1/"}
	if warning := gone.reached(t.Context()); fault.ReasonOf(warning) != "url-unreachable" {
		t.Errorf("of nobody: %v", warning)
	}
	near := settings{URL: bank.URL + "/"} // this machine itself may see the figures
	if warning := near.reached(t.Context()); warning != nil {
		t.Errorf("of no proxy: %v", warning)
	}
}
