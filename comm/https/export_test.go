package https

import (
	"net/http"
	"net/url"
)

// Plain is plain for an answer with this header and body.
func Plain(encoding string, body []byte, limit int64) ([]byte, error) {
	return plain(&url.URL{Host: "server.example"}, nil, &http.Response{Header: http.Header{"Content-Encoding": {encoding}}}, body, limit)
}
