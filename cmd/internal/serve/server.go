package serve

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/swaperoo/swaperoo/comm/parked"
)

// held is the longest that a request is held, and a little more.
const held = 11 * time.Minute

// Server makes the server of a sandbox or a till: with a limit on everything, of
// which a GET, which may be held, moves that of writing. The limit on reading ends with
// a request's last byte and stays for one that promises a body and sends none. stop is
// called when the server stops accepting and lets waits end.
func Server(h http.Handler, log *slog.Logger, stop func()) *http.Server {
	s := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet || r.Method == http.MethodHead {
				_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(held))
			}
			r, done := parked.Lasting(r)
			defer done()
			h.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	s.RegisterOnShutdown(stop)
	return s
}
