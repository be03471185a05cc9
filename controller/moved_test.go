package controller_test

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// A payment was under way when its payer died, and by now the vendor is somewhere else: a
// terminal has another port each time that it starts. Whoever has told the wallet where, or
// speaks with the vendor there, finds the payment made and the ticket free.
func TestAnOperationFindsAPeerThatHasMoved(t *testing.T) {
	for name, found := range map[string]func(*testing.T, *controllertest.Party, comm.Peer){
		"by the book": func(t *testing.T, p *controllertest.Party, now comm.Peer) {
			now.Name = "shop"
			if err := p.Store.PutPeer(t.Context(), now); err != nil {
				t.Fatal(err)
			}
			if _, err := p.Resume(t.Context(), nil); err != nil || !p.Protocols().Resumed(t.Context()) {
				t.Fatal("not resumed", err)
			}
		},
		"by a session": func(t *testing.T, p *controllertest.Party, now comm.Peer) {
			if _, err := p.Resume(t.Context(), nil); err != nil || p.Protocols().Resumed(t.Context()) {
				t.Fatal("resumed where nobody is any more", err)
			}
			s, err := p.InitiateSession(t.Context(), now, controller.Login{})
			if err != nil {
				t.Fatal(err)
			}
			_ = s.Close(t.Context())
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newMover(t)
			found(t, p.from, p.peer)
			if got := p.from.View(t, p.ticket).Status; got != "punched" {
				t.Errorf("the ticket is %s", got)
			}
			left, err := p.from.Protocols().Records(t.Context(), protocol.Filter{State: protocol.Running})
			if err != nil || len(left) > 0 {
				t.Errorf("it still runs: %+v, %v", left, err)
			}
		})
	}
}

// A wallet knows a vendor by several names, each for a way of its own. An operation is looked for
// where it was begun before it is elsewhere: at the end of another way there may be nobody who
// answers, such as at a serial line, or another process, which cannot go on with it.
func TestAnOperationIsLookedForWhereItWasFirst(t *testing.T) {
	for name, here := range map[string]struct {
		known string
		moved bool
	}{"by the name of then": {"shop", false}, "by a name of since": {"store", false}, "that has moved": {"shop", true}} {
		t.Run(name, func(t *testing.T) {
			net, s := inproc.NewNetwork(), &shop{}
			from := controllertest.New(t, net, controllertest.Options{Role: comm.Client})
			to := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor})
			was := to.Listen(t, s)
			was.Name = "shop"
			var met atomic.Int32
			other := to.ListenWith(t, func(h comm.Handler) comm.Handler {
				return between{h, comm.MethodInitiate, func(ctx context.Context, conn comm.Conn, params json.RawMessage, next comm.Handler) (any, error) {
					met.Add(1)
					return next.Request(ctx, conn, comm.MethodInitiate, params)
				}}
			}, s)
			other.Name = "booth"
			now := was
			if here.moved {
				now = to.Listen(t, s)
			}
			now.Name = here.known
			for _, p := range []comm.Peer{other, now} {
				if err := from.Store.PutPeer(t.Context(), p); err != nil {
					t.Fatal(err)
				}
			}
			session, err := from.ResumeSession(t.Context(), was, controller.Login{})
			if err != nil {
				t.Fatal(err)
			}
			_ = session.Close(t.Context())
			if met.Load() > 0 {
				t.Error("it was looked for elsewhere first")
			}
		})
	}
}

// newMover is a payer in its second life, whose first one was paying; and a vendor that has
// gone from where that was, and is at the peer of the pair.
func newMover(t *testing.T) pair {
	t.Helper()
	var gone atomic.Bool
	begun := make(chan struct{})
	net, s := inproc.NewNetwork(), &shop{}
	s.Price = price
	tickets := []protocol.Bundle{controllertest.Tickets()}
	first := controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: tickets})
	p := pair{to: controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: tickets}), from: first}
	p.peer = p.to.ListenWith(t, func(h comm.Handler) comm.Handler {
		return between{between{h, comm.MethodInitiate, func(ctx context.Context, conn comm.Conn, params json.RawMessage, next comm.Handler) (any, error) {
			if gone.Load() {
				return nil, fault.New(fault.Unavailable, "nobody is here").Because("peer-unreachable")
			}
			return next.Request(ctx, conn, comm.MethodInitiate, params)
		}}, comm.MethodExecute, func(ctx context.Context, _ comm.Conn, _ json.RawMessage, _ comm.Handler) (any, error) {
			close(begun)
			<-ctx.Done()
			return nil, ctx.Err()
		}}
	}, s)
	p.ticket = first.Create(t, instrument.Instance{Class: controllertest.ClassTicket, Status: "valid", Keys: map[string]string{"number": "7"}})
	over, session := make(chan struct{}), p.negotiated(t)
	go func() {
		defer close(over)
		_, _ = p.pay(t, session, "")
	}()
	<-begun
	gone.Store(true)
	within, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := first.Close(within); err != nil {
		t.Fatal(err)
	}
	<-over
	p.from = controllertest.New(t, net, controllertest.Options{
		Role: comm.Client, Bundles: tickets, Beside: first, Runner: "next", Gone: func(string) bool { return true },
	})
	p.peer = p.to.Listen(t, s)
	return p
}
