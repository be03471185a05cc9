package controller_test

import (
	"context"
	"encoding/json"
	"fmt"
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

// silent is a servicer that drops the connection over the first operation, and from
// then on takes connections and answers nothing, as often as it was told.
type silent struct {
	comm.Handler
	method string // what it does not answer, so many times
	times  int32
	shared *silence
}

type silence struct {
	dropped atomic.Bool
	times   atomic.Int32
	asked   chan struct{} // one for each request without an answer
}

func (m silent) Request(ctx context.Context, conn comm.Conn, method string, params json.RawMessage) (any, error) {
	if method == comm.MethodExecute && m.shared.dropped.CompareAndSwap(false, true) {
		_ = conn.Close()
		return nil, ctx.Err()
	}
	if method == m.method && (m.shared.dropped.Load() || m.times == 1 && method != comm.MethodInitiate) && m.shared.times.Add(1) <= m.times {
		m.shared.asked <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return m.Handler.Request(ctx, conn, method, params)
}

func newSilent(t *testing.T, method string, times int32, patience time.Duration) (pair, *silence) {
	net := inproc.NewNetwork()
	tickets := []protocol.Bundle{controllertest.Tickets()}
	p := pair{
		from: controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: tickets, Patience: patience}),
		to:   controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: tickets}),
	}
	shared := &silence{asked: make(chan struct{}, 100)}
	p.peer = p.to.ListenWith(t, func(h comm.Handler) comm.Handler { return silent{h, method, times, shared} }, controllertest.Inspector{Price: price})
	p.ticket = p.from.Create(t, instrument.Instance{Class: controllertest.ClassTicket, Status: "valid", Keys: map[string]string{"number": "7"}})
	return p, shared
}

// A vendor has the payment, lets itself be dialled again and says nothing more.
// The session can be closed all the same, and so can the party.
func TestAPeerThatDoesNotSayHelloAgainKeepsNobody(t *testing.T) {
	for _, method := range []string{comm.MethodInitiate, comm.MethodSelect} {
		t.Run(method, func(t *testing.T) {
			p, vendor := newSilent(t, method, 1<<30, time.Hour)
			s := p.negotiated(t)
			ctx, give := context.WithCancel(t.Context())
			paid := make(chan error, 1)
			me := p.from.Me(t)
			go func() {
				_, err := s.Execute(ctx, controller.Transaction{
					Principal: me, Operation: protocol.Pay, Class: controllertest.ClassTicket, Instruments: []instrument.ID{p.ticket},
				}, nil)
				paid <- err
			}()
			<-vendor.asked
			waits := make(chan error, 1)
			go func() {
				_, err := s.InstrumentClasses(t.Context(), nil)
				waits <- err
			}()
			if err := s.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			wantReason(t, <-waits, "session-closed")
			<-vendor.asked // the payment's outcome is asked for again
			give()
			if err := <-paid; fault.KindOf(err) != fault.Unknown {
				t.Errorf("the payment: %v", err)
			}
			if err := p.from.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestAPeerThatDoesNotAnswerAStepIsNotWaitedForLong(t *testing.T) {
	t.Run("when it is dialled again, which is done once more", func(t *testing.T) {
		t.Parallel()
		p, _ := newSilent(t, comm.MethodInitiate, 1, 4*time.Second)
		if _, err := p.pay(t, p.negotiated(t), ""); err != nil {
			t.Error(err)
		}
	})
	for method, step := range map[string]func(context.Context, *controller.Session) error{
		comm.MethodClasses: func(ctx context.Context, s *controller.Session) error {
			_, err := s.InstrumentClasses(ctx, nil)
			return err
		},
		comm.MethodProtocols: func(ctx context.Context, s *controller.Session) error {
			_, err := s.Negotiate(ctx, controllertest.ClassTicket, nil)
			return err
		},
		comm.MethodSelect: func(ctx context.Context, s *controller.Session) error {
			_, err := s.Negotiate(ctx, controllertest.ClassTicket, nil)
			return err
		},
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			p, _ := newSilent(t, method, 1, 4*time.Second)
			wantReason(t, step(t.Context(), p.session(t)), "no-answer")
		})
	}
}

// cutter is a servicer whose line is cut whenever it is asked one method, so many
// times.
type cutter struct {
	comm.Handler
	method string
	cuts   *atomic.Int32
	asked  *atomic.Int32
}

func (c cutter) Request(ctx context.Context, conn comm.Conn, method string, params json.RawMessage) (any, error) {
	if method == c.method {
		c.asked.Add(1)
		if c.cuts.Add(-1) >= 0 {
			_ = conn.Close()
			return nil, ctx.Err()
		}
	}
	return c.Handler.Request(ctx, conn, method, params)
}

// A step whose line is cut on the way is asked again over the next one. Where that is
// cut as well, whoever takes the step is told so.
func TestAStepIsAskedAgainWhenItsLineIsCut(t *testing.T) {
	for _, method := range []string{comm.MethodClasses, comm.MethodProtocols, comm.MethodSelect, comm.MethodOperations} {
		for _, cuts := range []int32{1, 2} {
			t.Run(fmt.Sprintf("%s %d", method, cuts), func(t *testing.T) {
				net := inproc.NewNetwork()
				tickets := []protocol.Bundle{controllertest.Tickets()}
				from := controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: tickets})
				to := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: tickets})
				var left, asked atomic.Int32
				left.Store(cuts)
				peer := to.ListenWith(t, func(h comm.Handler) comm.Handler { return cutter{h, method, &left, &asked} }, controllertest.Inspector{Price: price})
				s, err := from.InitiateSession(t.Context(), peer, controller.Login{})
				if err != nil {
					t.Fatal(err)
				}
				_, err = s.Negotiate(t.Context(), controllertest.ClassTicket, instrument.Invoice{})
				if err == nil {
					_, err = s.AvailableOperations(t.Context(), controllertest.ClassTicket)
				}
				if cuts == 1 && err != nil || cuts == 2 && fault.ReasonOf(err) != comm.ReasonConnectionLost {
					t.Errorf("the step: %v", err)
				}
				if n := asked.Load(); n != 2 {
					t.Errorf("it was asked %d times", n)
				}
				if _, err := s.InstrumentClasses(t.Context(), instrument.Invoice{}); err != nil {
					t.Errorf("the session does not go on: %v", err)
				}
			})
		}
	}
}
