package rest

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/mux"

	"github.com/swaperoo/swaperoo/comm/parked"
	"github.com/swaperoo/swaperoo/controller/bank"
)

// Where each API begins, in the same order as the paths that are served.
const (
	TerminalPath    = "/"
	IntegrationPath = "/taler-integration/"
	WireGatewayPath = "/taler-wire-gateway/"
	// WebhookPath, with the name of a provider behind it, is for the provider.
	WebhookPath = "/webhooks/"
)

// Options are the node's. Clock is required.
type Options struct {
	Log   *slog.Logger // nil: nothing is logged
	Clock func() time.Time
	// LongPollCap is the longest wait that is granted; 10 minutes if zero. A
	// proxy in front must allow more.
	LongPollCap time.Duration
	// BodyLimit bounds a request body, before and after inflating; 64 KiB if zero.
	BodyLimit int64
	// HistoryCap bounds the rows of one page; 1024 if zero, which is what
	// wirewatch asks for, and never less.
	HistoryCap int
	// Base is the path of the URL under which others reach the APIs, which whoever is in front
	// takes away: OpenAPI documents name it.
	Base string
	// Answered, if set, is told of each request once it is answered. Route is the
	// template of the path, never the path.
	Answered func(route, method string, status int, took time.Duration)
	// Held, if set, is told how many requests are held in long polls, whenever
	// that changes: for a gauge.
	Held func(now int)
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.LongPollCap <= 0 {
		o.LongPollCap = 10 * time.Minute
	}
	if o.BodyLimit <= 0 {
		o.BodyLimit = 64 << 10
	}
	o.HistoryCap = max(o.HistoryCap, 1024)
	return o
}

// API is the one handler of all three APIs. It is safe for concurrent use.
type API struct {
	bank     *bank.Bank
	o        Options
	routers  routers
	guesses  *guesses
	lot      *parked.Lot // of requests that wait
	moment   time.Duration
	mu       sync.Mutex
	held     int
	life     string        // the ids of all requests begin with it, so that no two starts share one
	requests atomic.Uint64 // how many there were: the ids end with the number

	polls    context.Context // ends when nobody shall be held any longer
	endPolls context.CancelFunc
}

// New makes the handler. A line of the route table without a handler here is a
// programmer's mistake and panics.
func New(b *bank.Bank, o Options) *API {
	o = o.withDefaults()
	a := &API{bank: b, o: o, guesses: newGuesses(o.Clock), moment: moment, life: rand.Text()[:8] + "-"}
	a.polls, a.endPolls = context.WithCancel(context.Background())
	a.lot = parked.NewLot(a.polls, idle)
	a.routers = a.mount()
	return a
}

// Parked is how many of the held requests are parked. The others have begun a moment ago and
// still wait in their handlers.
func (a *API) Parked() int { return a.lot.Len() }

// EndPolls answers all requests that are held, with what there is, and from now on holds none.
// Server's Shutdown calls it.
func (a *API) EndPolls() { a.endPolls() }

// ServeHTTP answers one request. Headers, log and the like of all answers are made here and not
// in middleware of the router, because middleware does not see requests for unknown paths.
func (a *API) ServeHTTP(inner http.ResponseWriter, r *http.Request) {
	w := a.record(inner, r)
	defer func() {
		if !w.away {
			a.log(w)
		}
	}()
	defer a.recovered(w)
	h := w.Header()
	h["Access-Control-Allow-Origin"] = everything // wallets call from a browser's page
	h["Access-Control-Expose-Headers"] = everything
	h["Cache-Control"] = noStore // an old status makes wallets select in a loop
	h.Set("X-Request-Id", w.id)
	if r.Method == http.MethodOptions {
		w.route = "options"
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, *") // * does not stand for the first
		h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, DELETE, OPTIONS")
		h.Set("Access-Control-Max-Age", "86400")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	r, done := lasting(r)
	defer done()
	a.route(w, plainPath(r))
	if !w.away {
		parked.Linger(w, r, a.o.BodyLimit)
	}
}

// lasting makes a request go on whose client has closed its sending side, as some do after the
// last byte: the server takes that for a client that has gone. Only a GET with parameters can be
// a long poll, and ends a while after its client has gone (parked.Lasting). All others end soon
// by themselves, whoever is still there, and are spared what it costs to find that out.
func lasting(r *http.Request) (*http.Request, context.CancelFunc) {
	if r.URL.RawQuery != "" && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		return parked.Lasting(r)
	}
	return r.WithContext(context.WithoutCancel(r.Context())), func() {}
}

// Values of headers that all answers share. Nobody changes them: who adds one gets a
// list of its own.
var (
	everything = []string{"*"}
	noStore    = []string{"no-store"}
	anyJSON    = []string{"application/json"}
)

// route does what the router's ServeHTTP does, but puts what it has found into the
// request that is there, and not into two copies of it.
func (a *API) route(w http.ResponseWriter, r *http.Request) {
	var found mux.RouteMatch
	a.routers.of(r.URL).Match(r, &found) // something is always found, see mount
	for name, value := range found.Vars {
		r.SetPathValue(name, value)
	}
	found.Handler.ServeHTTP(w, r)
}

// plainPath is a request with its path in the spelling in which routes are found: without
// slashes at the end, and each segment escaped in the same way. An escaped slash (%2F) stays
// part of its segment.
func plainPath(r *http.Request) *http.Request {
	if r.URL.RawPath == "" && !strings.HasSuffix(r.URL.Path, "/") {
		return r
	}
	segments := strings.Split(strings.TrimRight(r.URL.EscapedPath(), "/"), "/")
	if len(segments) < 2 {
		return r
	}
	names := make([]string, len(segments))
	for n, s := range segments {
		names[n], _ = url.PathUnescape(s) // an escaped path is of escapes that can be read
		segments[n] = url.PathEscape(names[n])
	}
	r = r.Clone(r.Context())
	r.URL.Path, r.URL.RawPath = strings.Join(names, "/"), strings.Join(segments, "/")
	return r
}

// segment is the part of the path that stands for {name} in the route's template.
func segment(r *http.Request, name string) string {
	text, _ := url.PathUnescape(r.PathValue(name)) // what could not be read has not become a request
	return text
}
