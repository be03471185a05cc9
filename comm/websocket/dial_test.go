package websocket_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/commtest"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/websocket"
)

func TestWhyADialFails(t *testing.T) {
	answer := func(status int) func(t *testing.T) comm.Address {
		return func(t *testing.T) comm.Address {
			return httpServer(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		}
	}
	for _, row := range []struct {
		name   string
		server func(t *testing.T) comm.Address
		kind   fault.Kind
		reason fault.Reason
	}{
		{"silent on TCP", deafServer, fault.Unavailable, "peer-unreachable"},
		{"silent on HTTP", func(t *testing.T) comm.Address {
			return httpServer(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		}, fault.Unavailable, "peer-unreachable"},
		{"a web server", answer(http.StatusOK), fault.Unsupported, "not-a-session"},
		{"busy", answer(http.StatusServiceUnavailable), fault.Unavailable, "peer-busy"},
		{"forbidden", answer(http.StatusForbidden), fault.Denied, "identity-refused"},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := newIdentity(t).options()
			if row.reason == "peer-unreachable" {
				o.Handshake = short
			}
			_, err := websocket.New(o).Dial(t.Context(), row.server(t), commtest.Echo())
			if fault.KindOf(err) != row.kind || fault.ReasonOf(err) != row.reason {
				t.Errorf("%v (%v, %q), want %v, %q", err, fault.KindOf(err), fault.ReasonOf(err), row.kind, row.reason)
			}
		})
	}
}

func TestACancelledDialEndsAtOnce(t *testing.T) {
	entered := make(chan struct{}, 1)
	address := httpServer(t, func(_ http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-entered
		cancel()
	}()
	_, err := websocket.New(newIdentity(t).options()).Dial(ctx, address, commtest.Echo())
	if fault.KindOf(err) != fault.Timeout {
		t.Errorf("error is %v", err)
	}
}
