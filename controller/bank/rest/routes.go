package rest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// handler answers a request, or returns why it is refused; then it has written
// nothing.
type handler func(w http.ResponseWriter, r *http.Request) error

func (a *API) handlers() map[taler.RouteName]handler {
	return map[taler.RouteName]handler{
		taler.RouteTerminalConfig: a.asTerminal(a.terminalConfig),
		taler.RouteQuota:          a.asTerminal(a.quota),
		taler.RouteQuotaLock:      a.asTerminal(a.quotaLock),
		taler.RouteQuotaUnlock:    a.asTerminal(a.quotaUnlock),
		taler.RouteSetUp:          a.asTerminal(a.setUp),
		taler.RouteTerminalStatus: a.asWaitingTerminal(a.terminalStatus),
		taler.RouteCheck:          a.asTerminal(a.check),
		taler.RouteTerminalDelete: a.asTerminal(a.terminalAbort),
		taler.RouteTerminalAbort:  a.asTerminal(a.terminalAbort),

		taler.RouteIntegrationConfig: a.integrationConfig,
		taler.RouteOperation:         a.operation,
		taler.RouteSelect:            a.selectReserve,
		taler.RouteOperationAbort:    a.operationAbort,

		taler.RouteWireConfig:     a.wireConfig,
		taler.RouteIncoming:       a.asWaitingGateway(a.incoming),
		taler.RouteOutgoing:       a.asWaitingGateway(a.outgoing),
		taler.RouteTransfer:       a.asGateway(a.transfer),
		taler.RouteTransfers:      a.asGateway(a.transfers),
		taler.RouteTransferStatus: a.asGateway(a.transferStatus),
		taler.RouteAccountCheck:   a.asGateway(a.accountCheck),
		taler.RouteAddIncoming:    a.asGateway(a.addIncoming),
		taler.RouteAddKYCAuth:     a.asGateway(a.addKYCAuth),
	}
}

func prefix(api taler.API) string {
	switch api {
	case taler.Integration:
		return strings.TrimSuffix(IntegrationPath, "/")
	case taler.WireGateway:
		return strings.TrimSuffix(WireGatewayPath, "/")
	}
	return ""
}

// mount makes the routers of comm/taler's table: one route for each path, which
// tells its methods apart itself, so that a wrong one can be told the right ones.
func (a *API) mount() routers {
	nothing := a.serve("unknown", func(http.ResponseWriter, *http.Request) error {
		return fault.New(fault.NotFound, "there is nothing at this path").Because(taler.ReasonEndpointUnknown)
	})
	var templates []string
	handlers := a.handlers()
	methods := map[string]map[string]http.Handler{}
	add := func(template, method string, h handler) {
		if methods[template] == nil {
			methods[template] = map[string]http.Handler{}
			templates = append(templates, template)
		}
		methods[template][method] = a.serve(template, h)
	}
	all := func(base string, of func(handler) handler) {
		for _, route := range taler.Routes() {
			h, ok := handlers[route.Name]
			if !ok {
				panic("rest: no handler for " + string(route.Name))
			}
			add(base+prefix(route.API)+route.Template, route.Method, of(h))
		}
		for _, api := range []taler.API{taler.Terminal, taler.Integration, taler.WireGateway} {
			add(base+prefix(api)+openAPI, http.MethodGet, of(a.document(api)))
		}
	}
	all("", func(h handler) handler { return h })
	add(WebhookPath+"{provider}", http.MethodPost, a.webhook)
	all(underName, a.under) // last: what else has such a path is found before
	return newRouters(templates, nothing, func(template string) http.Handler { return a.byMethod(template, methods[template]) })
}

// routers are by the first segment of a path; the one of none has every route. A router
// tries one after the other, each a regular expression.
type routers map[string]*mux.Router

// newRouters keeps the order of the templates, which decides where several fit.
func newRouters(templates []string, nothing http.Handler, of func(template string) http.Handler) routers {
	all := routers{"": nil}
	for _, t := range templates {
		if first := firstSegment(t); !strings.HasPrefix(first, "{") {
			all[first] = nil
		}
	}
	for first := range all {
		all[first] = mux.NewRouter().SkipClean(true).UseEncodedPath() // else a double slash becomes a redirect, which no POST survives, and an escaped one two segments
		all[first].NotFoundHandler = nothing
		for _, t := range templates {
			if its := firstSegment(t); first == "" || its == first || strings.HasPrefix(its, "{") {
				all[first].Handle(t, of(t))
			}
		}
	}
	return all
}

func (rs routers) of(u *url.URL) *mux.Router {
	if r := rs[firstSegment(u.EscapedPath())]; r != nil {
		return r
	}
	return rs[""]
}

func firstSegment(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first
}

// byMethod answers HEAD like GET.
func (a *API) byMethod(template string, methods map[string]http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		if h, ok := methods[method]; ok {
			h.ServeHTTP(w, r)
			return
		}
		a.serve(template, func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Allow", allowed(methods))
			return fault.New(fault.Unsupported, "this path has no such method").Because(taler.ReasonMethodInvalid).WithHint("it has %s", allowed(methods))
		}).ServeHTTP(w, r)
	})
}

func allowed(methods map[string]http.Handler) string {
	names := []string{http.MethodOptions}
	for name := range methods {
		names = append(names, name)
		if name == http.MethodGet {
			names = append(names, http.MethodHead)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// serve makes an http.Handler of a handler. The template is what the log calls
// the path, which itself holds a WOPID.
func (a *API) serve(template string, h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rec, ok := w.(*recorder); ok {
			rec.route = template
		}
		if err := h(w, r); err != nil {
			a.refuse(w, err)
		}
	})
}
