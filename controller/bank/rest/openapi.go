package rest

import (
	_ "embed"
	"io"
	"net/http"
	"strconv"

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

// document wants no credentials: it says nothing of anybody.
func document(api taler.API) handler {
	return func(w http.ResponseWriter, _ *http.Request) error {
		text := Document(api)
		w.Header().Set("Content-Type", "application/yaml")
		w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		_, _ = io.WriteString(w, text)
		return nil
	}
}
