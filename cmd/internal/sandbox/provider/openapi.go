package provider

import (
	_ "embed"
	"io"
	"net/http"
)

// Document is the API as an OpenAPI document, served as /openapi.yaml. Every answer
// that the tests get is checked against it.
//
//go:embed openapi.yaml
var Document string

func showDocument(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = io.WriteString(w, Document)
}
