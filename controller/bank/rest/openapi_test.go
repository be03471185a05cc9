package rest_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/bank/rest"
)

var apis = []taler.API{taler.Terminal, taler.Integration, taler.WireGateway}

// documents are the three APIs, read once. In them no object has members that it
// does not name: whoever adds one to an answer names it.
var documents = sync.OnceValues(func() (map[taler.API]routers.Router, error) {
	out := map[taler.API]routers.Router{}
	for _, api := range apis {
		doc, err := load(api)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", api, err)
		}
		for _, schema := range doc.Components.Schemas {
			closed(schema.Value)
		}
		if out[api], err = gorillamux.NewRouter(doc); err != nil {
			return nil, fmt.Errorf("%s: %w", api, err)
		}
	}
	return out, nil
})

func load(api taler.API) (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData([]byte(rest.Document(api)))
	if err != nil {
		return nil, err
	}
	return doc, doc.Validate(context.Background())
}

func closed(s *openapi3.Schema) {
	if s.Type.Is("object") && s.AdditionalProperties.Schema == nil {
		s.AdditionalProperties.Has = new(false)
	}
	if s.Items != nil && s.Items.Value != nil {
		closed(s.Items.Value)
	}
}

// conforming checks every answer that a house gives against the document of its
// API.
type conforming struct {
	t    testing.TB
	next http.Handler
}

// kept is an answer that is looked at when it was sent.
type kept struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
	parked func(answer []byte)
	taken  bool // the connection: the answer goes another way
}

// Hijack implements http.Hijacker.
func (k *kept) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, b, err := http.NewResponseController(k.ResponseWriter).Hijack()
	k.taken = err == nil
	return &taken{Conn: c, first: k.parked}, b, err
}

// taken is the connection of a request that is parked: what is written to it first is
// the answer, in one piece.
type taken struct {
	net.Conn
	once  sync.Once
	first func(answer []byte)
}

func (c *taken) Write(b []byte) (int, error) {
	c.once.Do(func() { c.first(b) })
	return c.Conn.Write(b)
}

func (k *kept) Unwrap() http.ResponseWriter { return k.ResponseWriter }

func (k *kept) WriteHeader(status int) {
	k.status = status
	k.ResponseWriter.WriteHeader(status)
}

func (k *kept) Write(b []byte) (int, error) {
	k.body.Write(b)
	return k.ResponseWriter.Write(b)
}

func (c conforming) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k := &kept{ResponseWriter: w, status: http.StatusOK, parked: func(answer []byte) { c.parked(r, answer) }}
	c.next.ServeHTTP(k, r)
	if !k.taken {
		c.check(r, k.status, w.Header(), k.body.Bytes())
	}
}

func (c conforming) parked(r *http.Request, answer []byte) {
	got, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(answer)), r)
	if err != nil {
		c.t.Errorf("%s %s was answered %q: %v", r.Method, r.URL.Path, answer, err)
		return
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		c.t.Errorf("%s %s was answered %q: %v", r.Method, r.URL.Path, answer, err)
	}
	c.check(r, got.StatusCode, got.Header, body)
}

func (c conforming) check(r *http.Request, status int, header http.Header, body []byte) {
	if err := conforms(r, status, header, body); err != nil {
		c.t.Errorf("%s %s answered %d %s: %v", r.Method, r.URL.Path, status, body, err)
	}
}

// conforms checks one answer. What no document has (a path, a method) has an
// error body all the same.
func conforms(r *http.Request, status int, header http.Header, body []byte) error {
	if r.Method == http.MethodOptions || r.Method == http.MethodHead || strings.HasSuffix(r.URL.Path, "/openapi.yaml") {
		return nil
	}
	if strings.HasPrefix(r.URL.Path, rest.WebhookPath) && status == http.StatusNoContent { // a provider's own, in no document
		return nil
	}
	all, err := documents()
	if err != nil {
		return err
	}
	plain := r.Clone(context.Background())
	plain.URL.RawPath = strings.TrimRight(plain.URL.EscapedPath(), "/")
	if plain.URL.Path, err = url.PathUnescape(plain.URL.RawPath); err != nil {
		return err
	}
	route, vars, err := all[apiOf(plain.URL.Path)].FindRoute(plain)
	if err != nil {
		return notInTheDocument(status, body)
	}
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: plain, PathParams: vars, Route: route},
		Status:                 status, Header: header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	if status == http.StatusNoContent {
		if len(body) > 0 {
			return errors.New("204 has a body")
		}
	} else {
		in.SetBodyBytes(body)
	}
	return openapi3filter.ValidateResponse(context.Background(), in)
}

// below is the part of a path that says which API it is, if an exchange's name
// is before it or none is.
var below = regexp.MustCompile(`^(?:/[^/]+)?/(taler-integration|taler-wire-gateway)(?:/|$)`)

func apiOf(path string) taler.API {
	switch found := below.FindStringSubmatch(path); {
	case found == nil:
		return taler.Terminal
	case found[1] == "taler-integration":
		return taler.Integration
	}
	return taler.WireGateway
}

func notInTheDocument(status int, body []byte) error {
	var detail struct {
		Code taler.Code
		Hint string
	}
	if err := json.Unmarshal(body, &detail); err != nil {
		return err
	}
	if status != 404 && status != 405 || detail.Code != taler.CodeEndpointUnknown && detail.Code != taler.CodeMethodInvalid && detail.Code != taler.CodeParameterMalformed || detail.Hint == "" {
		return errors.New("it is in no document")
	}
	return nil
}

// TestDocuments: they are served beside each config without credentials, are
// OpenAPI, have the routes that are served and no others, and say the versions
// that the configs say.
func TestDocuments(t *testing.T) {
	h := open(t, banktest.Options{})
	versions := map[taler.API]taler.Version{
		taler.Terminal: taler.TerminalVersion, taler.Integration: taler.IntegrationVersion, taler.WireGateway: taler.WireGatewayVersion,
	}
	for api, at := range map[taler.API]string{taler.Terminal: "/", taler.Integration: "/taler-integration/", taler.WireGateway: "/taler-wire-gateway/"} {
		got := send(t, h, request{method: "GET", path: at + "openapi.yaml"})
		if got.status != 200 || got.body != rest.Document(api) || got.header.Get("Content-Type") != "application/yaml" {
			t.Errorf("%s: %d %v", at, got.status, got.header)
		}
		doc, err := load(api)
		if err != nil {
			t.Fatal(err)
		}
		if doc.Info.Version != versions[api].String() {
			t.Errorf("the document of %s is of version %s, and the API of %s", api, doc.Info.Version, versions[api])
		}
		var described, served []string
		for path, item := range doc.Paths.Map() {
			for method := range item.Operations() {
				described = append(described, method+" "+path)
			}
		}
		for _, route := range taler.Routes() {
			if route.API == api {
				served = append(served, route.Method+" "+route.Template)
			}
		}
		slices.Sort(described)
		slices.Sort(served)
		if !slices.Equal(described, served) {
			t.Errorf("%s describes %v and serves %v", api, described, served)
		}
	}
	if rest.Document("another") != "" {
		t.Error("an API that there is not has a document")
	}
}

// TestTheCheckOfAnswersChecks: an answer that is not in the document is noticed.
func TestTheCheckOfAnswersChecks(t *testing.T) {
	get := func(path string) *http.Request {
		r, err := http.NewRequest(http.MethodGet, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	header := http.Header{"Content-Type": {"application/json"}}
	const config = `{"name":"taler-terminal","version":"0:0:0","provider_name":"P","currency":"CHF","withdrawal_fees":"CHF:0","wire_type":"x"}`
	for name, c := range map[string]struct {
		path   string
		status int
		body   string
		good   bool
	}{
		"good":                    {"/config", 200, config, true},
		"a member more":           {"/config", 200, config[:len(config)-1] + `,"colour":1}`, false},
		"a member less":           {"/config", 200, strings.Replace(config, `"currency":"CHF",`, "", 1), false},
		"an amount of no form":    {"/config", 200, strings.Replace(config, "CHF:0", "CHF:0.00", 1), false},
		"a status of no document": {"/config", 418, `{"code":1,"hint":"x"}`, false},
		"an error without code":   {"/config", 401, `{"hint":"x"}`, false},
		"an empty history":        {"/taler-wire-gateway/history/incoming", 200, `{"credit_account":"payto://x/y","incoming_transactions":[]}`, false},
		"204 with a body":         {"/taler-wire-gateway/history/incoming", 204, `{}`, false},
		"a row of no type":        {"/taler-wire-gateway/history/incoming", 200, `{"credit_account":"payto://x/y","incoming_transactions":[{"row_id":1}]}`, false},
		"an unknown path":         {"/nothing", 404, `{"code":21,"hint":"x"}`, true},
		"an unknown path, served": {"/nothing", 200, `{}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := conforms(get(c.path), c.status, header, []byte(c.body)); c.good != (err == nil) {
				t.Errorf("%v", err)
			}
		})
	}
}

// complaints are a test's that is to fail.
type complaints struct {
	testing.TB
	all chan string
}

func (c complaints) Errorf(format string, args ...any) { c.all <- fmt.Sprintf(format, args...) }

// TestTheCheckOfAnswersSeesParkedOnes, which no handler writes.
func TestTheCheckOfAnswersSeesParkedOnes(t *testing.T) {
	h := open(t, banktest.Options{})
	said := complaints{t, make(chan string, 1)}
	api := rest.New(h.Bank, rest.Options{Clock: time.Now})
	api.Moment(0)
	api.Hold("/in-no-document", func(_ context.Context, wait time.Duration) ([]byte, bool, error) {
		return []byte(`{}`), wait > 0, nil
	})
	server := rest.NewServer(api, rest.Limits{})
	server.Handler = conforming{said, api}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	got, err := try(withTimeout(t), "http://"+l.Addr().String(), request{method: "GET", path: "/in-no-document"})
	if err != nil || got.status != 200 {
		t.Errorf("%d %s, %v", got.status, got.body, err)
	}
	select {
	case complaint := <-said.all:
		if !strings.Contains(complaint, "it is in no document") {
			t.Error(complaint)
		}
	default:
		t.Error("nobody has looked at it")
	}
	if err := server.Shutdown(withTimeout(t)); err != nil {
		t.Error(err)
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
}

// TestDocumentsNameTheServersOfABaseWithAPath: whoever reads one calls what it names, and behind
// a proxy that gives the bank a path that is below it.
func TestDocumentsNameTheServersOfABaseWithAPath(t *testing.T) {
	for base, below := range map[string]string{"": "", "/": "", "/c2ec/": "/c2ec", "/o'clock/é": "/o%27clock/é"} {
		api := rest.New(nil, rest.Options{Clock: time.Now, Base: base})
		for at, name := range map[string]string{"/": "/", rest.IntegrationPath: "/taler-integration", rest.WireGatewayPath: "/taler-wire-gateway"} {
			got := httptest.NewRecorder()
			api.ServeHTTP(got, httptest.NewRequest(http.MethodGet, at+"openapi.yaml", nil))
			doc, err := openapi3.NewLoader().LoadFromData(got.Body.Bytes())
			if err != nil || doc.Validate(t.Context()) != nil {
				t.Fatalf("%s below %q: %v", at, base, err)
			}
			further := below + "/{exchange}" + strings.TrimSuffix(name, "/")
			if len(doc.Servers) != 2 || doc.Servers[0].URL != below+name || doc.Servers[1].URL != further {
				t.Errorf("%s below %q: %q and %q", at, base, doc.Servers[0].URL, doc.Servers[1].URL)
			}
		}
	}
}
