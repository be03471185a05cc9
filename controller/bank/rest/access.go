package rest

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/parked"
	"github.com/swaperoo/swaperoo/controller/bank"
)

// recorder writes an answer and remembers what the log says of it.
type recorder struct {
	http.ResponseWriter
	id     string
	method string
	from   string
	route  string
	begun  time.Time
	status int
	bytes  int
	cause  error // of a refusal
	away   bool  // parked: another recorder answers
}

func (a *API) record(w http.ResponseWriter, r *http.Request) *recorder {
	return &recorder{
		ResponseWriter: w, id: a.requestID(), method: r.Method, from: host(r), route: "unknown", begun: a.o.Clock(),
	}
}

// requestID is the id of the next request. It is in the log and in the answer's X-Request-Id,
// so that people can find one by the other.
func (a *API) requestID() string {
	var text [32]byte
	return string(strconv.AppendUint(append(text[:0], a.life...), a.requests.Add(1), 10))
}

// park returns the recorder of an answer that is given later, on a connection that was taken
// from the server. The handler's own recorder writes and logs nothing any more.
func (w *recorder) park(c *parked.Conn) *recorder {
	w.away = true
	there := *w
	there.ResponseWriter = c
	return &there
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
func (a *API) log(w *recorder) {
	took := a.o.Clock().Sub(w.begun)
	if a.o.Answered != nil {
		a.o.Answered(w.route, w.method, w.status, took)
	}
	level := slog.LevelInfo
	if w.status >= http.StatusInternalServerError && !bank.Passing(w.cause) { // or anybody could fill the disk with errors
		level = slog.LevelError
	}
	if !a.o.Log.Enabled(context.Background(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request", w.id), slog.String("method", w.method), slog.String("route", w.route),
		slog.Int("status", w.status), slog.Int("bytes", w.bytes), slog.Duration("took", took),
		slog.String("from", w.from),
	}
	if w.cause != nil {
		attrs = append(attrs, slog.String("reason", string(fault.ReasonOf(w.cause))))
	}
	if level == slog.LevelError && w.cause != nil {
		attrs = append(attrs, slog.String("error", w.cause.Error()))
	}
	a.o.Log.LogAttrs(context.Background(), level, "request", attrs...)
}

// recovered turns a panic into an answer: one request's defect is not the end of
// the bank.
func (a *API) recovered(w *recorder) {
	p := recover()
	if p == nil {
		return
	}
	a.o.Log.Error("a request panicked", "request", w.id, "method", w.method, "route", w.route, "panic", p, "stack", string(debug.Stack()))
	if w.status == 0 {
		a.refuse(w, fault.New(fault.Internal, "something went wrong on this side; its log says what"))
	}
}

// host is the address from which a request came, without the port. It knows nothing of proxies:
// where there is one, RemoteAddr was set to what it said.
func host(r *http.Request) string {
	h, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return h
}
