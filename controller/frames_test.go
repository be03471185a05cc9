package controller_test

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
)

// frames writes down every frame of a session, as its servicer sees them.
type frames struct {
	mu    sync.Mutex
	all   []string
	ended []string // that the requests told of
}

func (f *frames) add(frame string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, frame)
}

// taken is what was written down since.
func (f *frames) taken() (all, ended []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all, ended, f.all, f.ended = f.all, f.ended, nil, nil
	return all, ended
}

// framed is a handler, and the way back, with somebody who looks.
type framed struct {
	comm.Handler
	seen *frames
}

type framedConn struct {
	comm.Conn
	seen *frames
}

func (h framed) Request(ctx context.Context, c comm.Conn, method string, params json.RawMessage) (any, error) {
	h.seen.add("asked " + method)
	var e comm.Execute
	if method == comm.MethodExecute && json.Unmarshal(params, &e) == nil {
		h.seen.mu.Lock()
		h.seen.ended = append(h.seen.ended, e.Ended...)
		h.seen.mu.Unlock()
	}
	defer h.seen.add("answered " + method)
	return h.Handler.Request(ctx, framedConn{c, h.seen}, method, params)
}

func (h framed) Notification(ctx context.Context, c comm.Conn, method string, params json.RawMessage) {
	h.seen.add("told " + method)
	h.Handler.Notification(ctx, framedConn{c, h.seen}, method, params)
}

func (c framedConn) Notify(ctx context.Context, method string, params any) error {
	c.seen.add("told back " + method)
	return c.Conn.Notify(ctx, method, params)
}

// Binding implements comm.Bound.
func (c framedConn) Binding() []byte { return c.Conn.(comm.Bound).Binding() }

// What was negotiated stays with the session: each payment after the first costs
// one frame each way, whatever the line, and the notice that the one before has
// ended rides with it.
func TestTheNextPaymentIsOneRoundTrip(t *testing.T) {
	for _, w := range ways(t) {
		t.Run(w.name, func(t *testing.T) {
			seen := &frames{}
			p := w.pair(t, controllertest.Tickets(), func(h comm.Handler) comm.Handler { return framed{h, seen} })
			s := p.negotiated(t)
			var before []string
			for n, id := range []string{"00000000000000000000000000000001", "00000000000000000000000000000002", "00000000000000000000000000000003"} {
				p.holds(t, id)
				seen.taken()
				if _, err := p.pay(t, s, instrument.OperationID(id)); err != nil {
					t.Fatal(err)
				}
				all, ended := seen.taken()
				if diff := cmp.Diff([]string{"asked " + comm.MethodExecute, "answered " + comm.MethodExecute}, all); diff != "" {
					t.Errorf("payment %d: what should be (-) and what is (+):\n%s", n+1, diff)
				}
				if !slices.Equal(ended, before) {
					t.Errorf("payment %d told that %q have ended, and it was %q", n+1, ended, before)
				}
				before = []string{id}
			}
		})
	}
}
