package provider_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/provider"
)

// document is the API, read once. In it no object has members that it does not name.
var document = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromData([]byte(provider.Document))
	if err != nil {
		return nil, err
	}
	for _, schema := range doc.Components.Schemas {
		closed(schema.Value)
	}
	return gorillamux.NewRouter(doc)
})

func closed(s *openapi3.Schema) {
	if s.Type.Is("object") {
		s.AdditionalProperties.Has = new(false)
	}
	for _, p := range s.Properties {
		closed(p.Value)
	}
}

// conforms checks an answer against the document. What is not in it is not there.
func conforms(r *http.Request, status int, header http.Header, body []byte) error {
	if strings.HasPrefix(r.URL.Path, provider.APIPath) || r.URL.Path == "/openapi.yaml" {
		return nil
	}
	doc, err := document()
	if err != nil {
		return err
	}
	route, vars, err := doc.FindRoute(r.Clone(context.Background()))
	if err != nil {
		if status != 404 && status != 405 {
			return errors.New("it is not in the document")
		}
		return nil
	}
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: vars, Route: route},
		Status:                 status, Header: header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	in.SetBodyBytes(body)
	return openapi3filter.ValidateResponse(context.Background(), in)
}

func TestTheDocumentIsServedAndChecks(t *testing.T) {
	s := serve(t, t.TempDir())
	got, err := http.Get(s.url + "/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(got.Body)
	if err = errors.Join(err, got.Body.Close()); err != nil || string(text) != provider.Document || got.Header.Get("Content-Type") != "application/yaml" {
		t.Errorf("%v %s, %v", got.Header, text, err)
	}
	doc, err := openapi3.NewLoader().LoadFromData([]byte(provider.Document))
	if err == nil {
		err = doc.Validate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() { // each is there
		for method := range item.Operations() {
			a, err := s.do(t.Context(), method, strings.ReplaceAll(path, "{id}", "x"), "", "{}")
			if err != nil || a.status == 405 || a.Error.Reason == "endpoint-unknown" {
				t.Errorf("%s %s: %+v, %v", method, path, a, err)
			}
		}
	}
	r, err := http.NewRequest(http.MethodPost, "http://127.0.0.1/payments", nil)
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	for body, good := range map[string]bool{
		`{"id":"x","state":"paid"}`: true, `{"id":"x","state":"sold"}`: false, `{"id":"x"}`: false, `{"id":"x","state":"paid","more":1}`: false,
	} {
		if err := conforms(r, 200, header, []byte(body)); good != (err == nil) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// TestThePageOfTheAPIs runs the lines of docs/rest.md that ask the simulator, in
// their order; other lines are run where the bank's APIs are.
func TestThePageOfTheAPIs(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/rest.md")
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, t.TempDir())
	line := regexp.MustCompile(`(?m)^curl (?:-d '(.*)' )?"?\$PROVIDER([^"\n]*)"?\n(.*)$`)
	paid, ran := "", 0
	for _, found := range line.FindAllStringSubmatch(string(page), -1) {
		fill := strings.NewReplacer("'$ID'", "W", "$ID", "W", "$PAYMENT", paid)
		method, body := http.MethodGet, fill.Replace(found[1])
		if body != "" {
			method = http.MethodPost
		}
		a, err := s.do(t.Context(), method, fill.Replace(found[2]), "", body)
		if err != nil || a.status != 200 {
			t.Fatalf("%s: %+v, %v", found[0], a, err)
		}
		var printed struct{ State, Refunded, Reference string }
		if err := json.Unmarshal([]byte(found[3]), &printed); err != nil {
			t.Fatalf("%s: %v", found[0], err)
		}
		if printed.State != a.State || printed.Refunded != "" && printed.Refunded != a.Refunded {
			t.Errorf("%s: it is %+v", found[0], a)
		}
		if paid == "" {
			paid = a.ID
		}
		ran++
	}
	if ran != strings.Count(string(page), "$PROVIDER/") || ran < 2 {
		t.Error(fmt.Sprint(ran, " lines were run"))
	}
}
