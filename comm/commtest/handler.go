package commtest

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// Handler is a comm.Handler of functions; those that are nil refuse requests
// and drop the rest. It counts how often it was closed.
type Handler struct {
	OnRequest      func(ctx context.Context, c comm.Conn, method string, params json.RawMessage) (any, error)
	OnNotification func(c comm.Conn, method string, params json.RawMessage)

	mu     sync.Mutex
	closed int
	once   sync.Once
	end    chan struct{}
}

// Request implements comm.Handler.
func (h *Handler) Request(ctx context.Context, c comm.Conn, method string, params json.RawMessage) (any, error) {
	if h.OnRequest == nil {
		return nil, fault.New(fault.Unsupported, "no %s here", method)
	}
	return h.OnRequest(ctx, c, method, params)
}

// Notification implements comm.Handler.
func (h *Handler) Notification(_ context.Context, c comm.Conn, method string, params json.RawMessage) {
	if h.OnNotification != nil {
		h.OnNotification(c, method, params)
	}
}

// Closed implements comm.Handler.
func (h *Handler) Closed(comm.Conn) {
	h.mu.Lock()
	h.closed++
	h.mu.Unlock()
	h.ended()
	h.once.Do(func() { close(h.end) })
}

// Ended is closed when the handler has been told of the end.
func (h *Handler) Ended() <-chan struct{} { return h.ended() }

// Times says how often the handler was told of the end.
func (h *Handler) Times() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed
}

func (h *Handler) ended() chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.end == nil {
		h.end = make(chan struct{})
	}
	return h.end
}

// Echo answers every request with its parameters.
func Echo() *Handler {
	return &Handler{OnRequest: func(_ context.Context, _ comm.Conn, _ string, params json.RawMessage) (any, error) {
		return params, nil
	}}
}
