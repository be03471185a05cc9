package controller_test

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// shop is an inspector that can change its mind and remembers what it was told.
type shop struct {
	controllertest.Inspector
	admit  func(context.Context) (profile.Principal, error)
	closed atomic.Bool // refuses every operation

	mu    sync.Mutex
	ended []error
}

func (s *shop) Admit(ctx context.Context, peer comm.Peer, hello comm.Initiate) (profile.Principal, error) {
	if s.admit != nil {
		return s.admit(ctx)
	}
	return s.Inspector.Admit(ctx, peer, hello)
}

func (s *shop) Prepare(context.Context, controller.Caller, comm.Execute, *controller.Transaction) error {
	if s.closed.Load() {
		return fault.New(fault.NotFound, "the shop is closed").Because("closed")
	}
	return nil
}

func (s *shop) Ended(_ controller.Transaction, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = append(s.ended, err)
}

func (s *shop) heard() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// between stands between the wire and the servicer for requests of one method.
type between struct {
	comm.Handler
	method string
	f      func(ctx context.Context, conn comm.Conn, params json.RawMessage, next comm.Handler) (any, error)
}

func (b between) Request(ctx context.Context, conn comm.Conn, method string, params json.RawMessage) (any, error) {
	if method != b.method {
		return b.Handler.Request(ctx, conn, method, params)
	}
	return b.f(ctx, conn, params, b.Handler)
}

type interfere = func(ctx context.Context, conn comm.Conn, params json.RawMessage, next comm.Handler) (any, error)

// newShop is a pair whose servicer is a shop with something in between.
func newShop(t *testing.T, s *shop, clock func() time.Time, method string, f interfere) pair {
	net := inproc.NewNetwork()
	tickets := []protocol.Bundle{controllertest.Tickets()}
	p := pair{
		from: controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: tickets}),
		to:   controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: tickets, Clock: clock}),
	}
	s.Price = price
	p.peer = p.to.ListenWith(t, func(h comm.Handler) comm.Handler { return between{h, method, f} }, s)
	p.ticket = p.from.Create(t, instrument.Instance{Class: controllertest.ClassTicket, Status: "valid", Keys: map[string]string{"number": "7"}})
	return p
}

func (p pair) negotiated(t *testing.T) *controller.Session {
	t.Helper()
	s := p.session(t)
	if _, err := s.Negotiate(t.Context(), controllertest.ClassTicket, nil); err != nil {
		t.Fatal(err)
	}
	return s
}

// answering rewrites what the servicer answers to an execution.
func answering(f func(*comm.Executed)) interfere {
	return func(ctx context.Context, conn comm.Conn, params json.RawMessage, next comm.Handler) (any, error) {
		out, err := next.Request(ctx, conn, comm.MethodExecute, params)
		if e, ok := out.(*protocol.Told); ok && err == nil {
			f((*comm.Executed)(e))
		}
		return out, err
	}
}
