package comm

import (
	"context"
	"time"
)

// Fetcher makes single requests to foreign servers: the only way out for a
// plugin. The host has checked the origin against what was granted.
type Fetcher interface {
	// Fetch sends one request. A server that cannot be connected to is
	// fault.Unavailable: nothing happened. Sent and no complete answer in time
	// is fault.Unknown. Any HTTP status is an answer, not an error.
	Fetch(ctx context.Context, r Fetch) (Fetched, error)
}

// Fetch is one request. It carries no cookies and follows no redirect unless
// Redirects is set, and then only to the same origin.
type Fetch struct {
	Method    string
	URL       string
	Header    map[string]string
	Body      []byte
	Timeout   time.Duration // 0: the node's default
	Limit     int64         // most bytes of the answer's body; 0: the node's default
	Redirects bool
}

// Fetched is the answer.
type Fetched struct {
	Status int               `json:"status"`
	Header map[string]string `json:"header,omitempty"`
	Body   []byte            `json:"body,omitempty"`
}
