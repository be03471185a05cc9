package rest

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// Limits bound what a connection may take; zero members have defaults.
type Limits struct {
	Header      time.Duration // until the header is there; 10 s, and no more than Read
	Read        time.Duration // until the body is there, too; 10 s
	Write       time.Duration // from the header to the end of the answer, long polls aside; 30 s
	Idle        time.Duration // between two requests; 2 minutes
	HeaderBytes int           // 16 KiB
}

// idle is how long a connection may be without a request.
const idle = 2 * time.Minute

// Server is an http.Server of the API.
type Server struct {
	*http.Server
	api *API
}

// NewServer makes the server of the API.
func NewServer(a *API, l Limits) *Server {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&l.Read, 10*time.Second)
	def(&l.Header, min(l.Read, 10*time.Second))
	def(&l.Write, writeLimit)
	def(&l.Idle, idle)
	if l.HeaderBytes <= 0 {
		l.HeaderBytes = 16 << 10
	}
	s := &http.Server{
		Handler:           a,
		ReadHeaderTimeout: l.Header, ReadTimeout: l.Read, WriteTimeout: l.Write, IdleTimeout: l.Idle,
		MaxHeaderBytes: l.HeaderBytes,
		ErrorLog:       slog.NewLogLogger(a.o.Log.Handler(), slog.LevelDebug), // of handshakes and broken peers
	}
	s.RegisterOnShutdown(a.EndPolls)
	return &Server{s, a}
}

// Shutdown takes no more requests, answers those that are there, held ones with what there is,
// and returns when all of them are answered or ctx ends.
func (s *Server) Shutdown(ctx context.Context) error {
	return errors.Join(s.Server.Shutdown(ctx), s.api.lot.Shut(ctx))
}

// Close ends all connections at once, whatever is not answered yet.
func (s *Server) Close() error {
	s.api.EndPolls()
	s.api.lot.Close()
	return s.Server.Close()
}
