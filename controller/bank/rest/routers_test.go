package rest

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/gorilla/mux"
)

// TestRoutersFindWhatOneRouterFinds: the routes are split by their first segment, and nobody can tell.
func TestRoutersFindWhatOneRouterFinds(t *testing.T) {
	templates := []string{"/config", "/withdrawals", "/withdrawals/{wopid}", "/taler-integration/config", "/webhooks/{provider}", "/{exchange}/config", "/{exchange}/withdrawals/{wopid}", "/taler-integration/{late}"}
	answer := func(template string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(template)) })
	}
	split := newRouters(templates, answer("nothing"), answer)
	whole := newRouters(templates, answer("nothing"), answer)[""]
	if len(split) != 5 {
		t.Fatalf("there are %d routers", len(split))
	}
	for _, path := range []string{
		"/", "", "//", "*", "config", "/config", "//config", "/config/", "/configs", "/Config", "/withdrawals", "/withdrawals/5", "/withdrawals/a%2Fb", "/withdrawals%2F5", "/withdrawals/5/6",
		"/taler-integration/config", "/taler-integration/x", "/taler-integration", "/webhooks/x", "/webhooks", "/other/config", "/other/withdrawals/5", "/config/config", "/withdrawals/config", "/config/withdrawals/5",
	} {
		var found, want mux.RouteMatch
		u := &url.URL{Path: path}
		if raw, err := url.PathUnescape(path); err == nil && raw != path {
			u.Path, u.RawPath = raw, path
		}
		r := &http.Request{Method: http.MethodGet, URL: u}
		split.of(u).Match(r, &found)
		whole.Match(r, &want)
		got, wanted := httptest.NewRecorder(), httptest.NewRecorder()
		found.Handler.ServeHTTP(got, r)
		want.Handler.ServeHTTP(wanted, r)
		if got.Body.String() != wanted.Body.String() || len(found.Vars) != len(want.Vars) {
			t.Errorf("%q: %s with %v, want %s with %v", path, got.Body, found.Vars, wanted.Body, want.Vars)
		}
	}
}
