package serve

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// readyWithin is how long a party may take to say that it is ready.
const readyWithin = 2 * time.Second

// Health answers /healthz, as long as the process does, and /readyz, as long as
// Ready has no error: then what comes can be done. /metrics is for callers on this
// machine that come through no proxy. All else is Next's, as it came, and what a
// browser's page asks with OPTIONS.
type Health struct {
	Ready   func(context.Context) error
	Metrics http.Handler
	Next    http.Handler
}

// ServeHTTP implements http.Handler.
func (h Health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page := h.page(r)
	switch {
	case page == nil, r.Method == http.MethodOptions:
		h.Next.ServeHTTP(w, r)
	case r.Method == http.MethodGet, r.Method == http.MethodHead:
		page(w, r)
	default:
		w.Header().Set("Allow", "GET, HEAD, OPTIONS")
		say(w, http.StatusMethodNotAllowed, "this page can only be read")
	}
}

// page is one of ours; nil if what is asked for is not.
func (h Health) page(r *http.Request) http.HandlerFunc {
	switch {
	case r.URL.Path == "/healthz":
		return func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") }
	case r.URL.Path == "/readyz":
		return h.ready
	case r.URL.Path == "/metrics" && direct(r):
		return h.Metrics.ServeHTTP
	}
	return nil
}

func (h Health) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyWithin)
	defer cancel()
	if err := h.Ready(ctx); err != nil {
		say(w, http.StatusServiceUnavailable, fault.From(err).Message)
		return
	}
	say(w, http.StatusOK, "ready")
}

func say(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n")
}
