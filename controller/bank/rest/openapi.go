package rest

import (
	_ "embed"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/swaperoo/swaperoo/comm/taler"
)

// The APIs as OpenAPI documents, served as openapi.yaml beside each config. Every
// answer that the tests get is checked against them.
var (
	//go:embed openapi/terminal.yaml
	terminalDocument string
	//go:embed openapi/integration.yaml
	integrationDocument string
	//go:embed openapi/wire-gateway.yaml
	gatewayDocument string
)

// openAPI is the last segment of a document's path.
const openAPI = "/openapi.yaml"

// Document is an API as an OpenAPI document; empty for an API that there is not.
func Document(api taler.API) string {
	switch api {
	case taler.Terminal:
		return terminalDocument
	case taler.Integration:
		return integrationDocument
	case taler.WireGateway:
		return gatewayDocument
	}
	return ""
}

// located is a document whose servers are below a path.
func located(document, base string) string {
	base = strings.ReplaceAll(strings.TrimSuffix(base, "/"), "'", "%27")
	return strings.NewReplacer("\n  - url: /", "\n  - url: "+base+"/", "\n  - url: '/", "\n  - url: '"+base+"/").Replace(document)
}

// document wants no credentials: it says nothing of anybody.
func (a *API) document(api taler.API) handler {
	text := located(Document(api), a.o.Base)
	return func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "application/yaml")
		w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		_, _ = io.WriteString(w, text)
		return nil
	}
}
