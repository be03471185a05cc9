package till

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/parked"
)

// bodyLimit bounds the body of a request.
const bodyLimit = 64 << 10

// maxStreams bounds those who follow the events at one time.
const maxStreams = 64

// Options are the node's. Token and Draw are required.
type Options struct {
	Token string // that callers show; see Authorization
	Draw  Drawing
	// Host reports whether a request may name this host as its own; nil: any. A page
	// whose name leads to this machine (DNS rebinding) has another one.
	Host func(host string) bool
	Log  *slog.Logger // nil: nothing is logged
}

// Drawing draws a text as a QR code.
type Drawing struct {
	Text func(string) (string, error)
	SVG  func(string) ([]byte, error)
	PNG  func(string) ([]byte, error)
}

// API is the handler of the local API. It is safe for concurrent use.
type API struct {
	till    *Till
	o       Options
	router  *mux.Router
	streams chan struct{} // one for each that is open

	waits    context.Context // ends when nobody shall be held any longer
	endWaits context.CancelFunc
}

// NewAPI makes the handler of a till that runs.
func NewAPI(t *Till, o Options) *API {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Host == nil {
		o.Host = func(string) bool { return true }
	}
	a := &API{till: t, o: o, streams: make(chan struct{}, maxStreams)}
	a.waits, a.endWaits = context.WithCancel(context.Background())
	a.router = a.mount()
	return a
}

// mount makes the router: one route for each path, which tells its methods apart
// itself, so that a wrong one can be told the right ones.
func (a *API) mount() *mux.Router {
	router := mux.NewRouter().SkipClean(true) // else a double slash becomes a redirect, which no POST survives
	methods := map[string]map[string]handler{}
	for _, r := range []struct {
		method, path string
		handler      handler
	}{
		{http.MethodGet, "/config", a.config},
		{http.MethodPost, "/withdrawals", a.start},
		{http.MethodGet, "/withdrawals", a.list},
		{http.MethodGet, "/withdrawals/{wopid}", a.show},
		{http.MethodGet, "/withdrawals/{wopid}/qr.{form:txt|svg|png}", a.code},
		{http.MethodPost, "/withdrawals/{wopid}/accept", a.accept(true)},
		{http.MethodPost, "/withdrawals/{wopid}/decline", a.accept(false)},
		{http.MethodPost, "/withdrawals/{wopid}/same-wallet", a.sameWallet},
		{http.MethodPost, "/withdrawals/{wopid}/pay", a.pay},
		{http.MethodPost, "/withdrawals/{wopid}/abort", a.abort},
		{http.MethodPost, "/withdrawals/{wopid}/resume", a.resume},
		{http.MethodGet, "/events", a.events},
		{http.MethodGet, "/withdrawals/{wopid}/events", a.events},
	} {
		if methods[r.path] == nil {
			methods[r.path] = map[string]handler{}
			router.Handle(r.path, a.do(byMethod(methods[r.path])))
		}
		methods[r.path][r.method] = r.handler
	}
	router.NotFoundHandler = a.do(func(http.ResponseWriter, *http.Request) error {
		return fault.New(fault.NotFound, "there is nothing at this path").Because("path-unknown")
	})
	return router
}

// byMethod answers HEAD like GET.
func byMethod(methods map[string]handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		if h, ok := methods[method]; ok {
			return h(w, r)
		}
		allowed := slices.Sorted(maps.Keys(methods))
		if methods[http.MethodGet] != nil {
			allowed = append(allowed, http.MethodHead)
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		return fault.New(fault.Unsupported, "this path has no such method").Because("method-unknown").WithHint("it has %s", strings.Join(allowed, ", "))
	}
}

// EndWaits ends the streams, so that the server's end need not wait for them. Their
// readers go on elsewhere, or later, at their cursor.
func (a *API) EndWaits() { a.endWaits() }

// ServeHTTP implements http.Handler. It checks the token before anything else.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if err := a.admit(r); err != nil {
		f := fault.From(err)
		a.refuseWith(w, shutWith(f), f)
		return
	}
	whole := r.Body
	r.Body = http.MaxBytesReader(w, whole, bodyLimit)
	a.router.ServeHTTP(w, r)
	r.Body = whole
	parked.Linger(w, r, bodyLimit)
}

// handler answers one request, or says why not.
type handler func(http.ResponseWriter, *http.Request) error

// do answers once the till is ready: its door is open a moment before.
func (a *API) do(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := a.till.Ready(r.Context())
		if err == nil {
			err = h(w, r)
		}
		if err != nil {
			a.refuse(w, r, err)
		}
	})
}
