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
// machine that come through no proxy. All else is Next's, as it came.
type Health struct {
	Ready   func(context.Context) error
	Metrics http.Handler
	Next    http.Handler
}

// ServeHTTP implements http.Handler.
func (h Health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case reads && r.URL.Path == "/healthz":
		say(w, http.StatusOK, "ok")
	case reads && r.URL.Path == "/readyz":
		h.ready(w, r)
	case reads && r.URL.Path == "/metrics" && direct(r):
		h.Metrics.ServeHTTP(w, r)
	default:
		h.Next.ServeHTTP(w, r)
	}
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
