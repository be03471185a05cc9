package rest

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// recorder remembers of an answer what the access log wants.
type recorder struct {
	http.ResponseWriter
	id     string
	route  string
	begun  time.Time
	status int
	bytes  int
	cause  error // of a refusal
}

func (a *API) record(w http.ResponseWriter) *recorder {
	return &recorder{
		ResponseWriter: w, id: strconv.FormatUint(a.requests.Add(1), 10), route: "unknown", begun: a.o.Clock(),
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += n
	return n, err
}

// log writes one line for each request: the route's template, never the path,
// which holds a WOPID, nor the query.
func (a *API) log(w *recorder, r *http.Request) {
	took := a.o.Clock().Sub(w.begun)
	if a.o.Answered != nil {
		a.o.Answered(w.route, r.Method, w.status, took)
	}
	level := slog.LevelInfo
	if w.status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	if !a.o.Log.Enabled(r.Context(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request", w.id), slog.String("method", r.Method), slog.String("route", w.route),
		slog.Int("status", w.status), slog.Int("bytes", w.bytes), slog.Duration("took", took),
		slog.String("from", host(r)),
	}
	if w.cause != nil {
		attrs = append(attrs, slog.String("reason", string(fault.ReasonOf(w.cause))))
	}
	if level == slog.LevelError && w.cause != nil {
		attrs = append(attrs, slog.String("error", w.cause.Error()))
	}
	a.o.Log.LogAttrs(r.Context(), level, "request", attrs...)
}

// recovered turns a panic into an answer: one request's defect is not the end of
// the bank.
func (a *API) recovered(w *recorder, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p)
	}
	a.o.Log.Error("a request panicked", "request", w.id, "method", r.Method, "route", w.route, "panic", p, "stack", string(debug.Stack()))
	if w.status == 0 {
		a.refuse(w, fault.New(fault.Internal, "something went wrong on this side; its log says what"))
	}
}

func host(r *http.Request) string {
	h, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return h
}
