package serve

import (
	"log/slog"
	"net/http"
	"time"
)

// held is the longest that the sandboxes hold a request, and a little more.
const held = 11 * time.Minute

// Server makes the server of a sandbox: with a limit on everything, of which a
// GET, which has no body and may be held, lifts those of reading and writing.
// stop is called when the server stops accepting and lets waits end.
func Server(h http.Handler, log *slog.Logger, stop func()) *http.Server {
	s := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet || r.Method == http.MethodHead {
				// The read limit has to go, too: when it is over it ends the request.
				c := http.NewResponseController(w)
				_ = c.SetReadDeadline(time.Time{})
				_ = c.SetWriteDeadline(time.Now().Add(held))
			}
			h.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	s.RegisterOnShutdown(stop)
	return s
}
