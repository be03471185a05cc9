package controller_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/pnp"
)

// The vendor's application has its say before the customer is answered (paper
// §5.2). What it leaves out was not offered; what it refuses has not happened.
func TestAnApplicationHasItsSay(t *testing.T) {
	closed := fault.New(fault.Declined, "we are closing").Because("closing")
	for name, row := range map[string]struct {
		say    controller.Interceptor
		reason fault.Reason
	}{
		"nothing": {func(context.Context, controller.Intercepted) error { return nil }, ""},
		"no class": {func(_ context.Context, i controller.Intercepted) error {
			if o, ok := i.Answer.(*comm.Offered); ok {
				o.Offers = nil
			}
			return nil
		}, "no-common-class"},
		"no protocol": {func(_ context.Context, i controller.Intercepted) error {
			if n, ok := i.Answer.(*protocol.Negotiated); ok {
				n.Protocols = nil
			}
			return nil
		}, "no-common-protocol"},
		"no classes today": {func(_ context.Context, i controller.Intercepted) error {
			if i.Method == comm.MethodClasses {
				return closed
			}
			return nil
		}, "closing"},
		"no payments today": {func(_ context.Context, i controller.Intercepted) error {
			if e, ok := i.Asked.(comm.Execute); ok && e.Call.Operation == protocol.Pay && i.Answer == nil && i.Who.Peer.Key != "" {
				return closed
			}
			return nil
		}, "closing"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, comm.Client, comm.Vendor)
			p.to.Intercept(row.say)
			s := p.session(t)
			_, err := s.Negotiate(t.Context(), controllertest.ClassTicket, instrument.Invoice{})
			if err == nil {
				_, err = p.pay(t, s, "")
			}
			if fault.ReasonOf(err) != row.reason || (err == nil) != (row.reason == "") {
				t.Fatalf("error = %v", err)
			}
			taken, err := p.to.Instruments().List(t.Context(), instrument.Filter{Class: controllertest.ClassTicket})
			if err != nil || (len(taken) == 1) != (row.reason == "") {
				t.Errorf("the vendor has %d tickets, %v", len(taken), err)
			}
		})
	}
}

// A class that was left out cannot be negotiated all the same.
func TestWhatWasLeftOutIsNotOffered(t *testing.T) {
	p := newPair(t, comm.Client, comm.Vendor)
	p.to.Intercept(func(_ context.Context, i controller.Intercepted) error {
		if o, ok := i.Answer.(*comm.Offered); ok {
			o.Offers = nil
		}
		return nil
	})
	conn := p.from.Dial(t, p.peer)
	err := errors.Join(
		conn.Call(t.Context(), comm.MethodInitiate, comm.Initiate{Role: comm.Client, PNP: "pnp.intersect"}, nil),
		conn.Call(t.Context(), comm.MethodClasses, comm.Classes{}, nil),
	)
	if err != nil {
		t.Fatal(err)
	}
	err = conn.Call(t.Context(), comm.MethodProtocols, comm.Protocols{Class: string(controllertest.ClassTicket)}, nil)
	if fault.ReasonOf(err) != "class-not-offered" {
		t.Errorf("error = %v", err)
	}
}

// Nor does what was left out run: who asks before, or does not heed the answer, gets no further
// with it. What was begun before is answered as it ended.
func TestWhatWasLeftOutDoesNotRun(t *testing.T) {
	for _, row := range []struct {
		name   string
		leave  func(answer any)
		reason fault.Reason
	}{
		{"no protocol", func(answer any) {
			if n, ok := answer.(*protocol.Negotiated); ok {
				n.Protocols, n.Pairs = nil, nil
			}
		}, "protocol-unknown"},
		{"no such operation", func(answer any) {
			if a, ok := answer.(*comm.Available); ok {
				a.Names = slices.DeleteFunc(a.Names, func(name string) bool { return name == protocol.Pay })
			}
		}, "operation-unknown"},
	} {
		for _, negotiator := range []string{pnp.IntersectID, pnp.UPPID} {
			t.Run(row.name+" by "+negotiator, func(t *testing.T) {
				bundles := []protocol.Bundle{controllertest.Tickets()}
				if negotiator == pnp.UPPID {
					bundles = append(bundles, protocol.Bundle{Name: "upp", Protocols: []protocol.Protocol{pnp.UPP{}}})
				}
				p := newPairBy(t, negotiator, comm.Client, comm.Vendor, bundles...)
				var changed atomic.Bool
				var begun atomic.Pointer[comm.Execute]
				p.to.Intercept(func(_ context.Context, i controller.Intercepted) error {
					if changed.Load() {
						row.leave(i.Answer)
					}
					if e, ok := i.Asked.(comm.Execute); ok {
						begun.Store(&e)
					}
					return nil
				})
				s := p.negotiated(t)
				if _, err := p.pay(t, s, ""); err != nil {
					t.Fatal(err)
				}
				changed.Store(true)
				p.ticket = p.from.Create(t, instrument.Instance{Class: controllertest.ClassTicket, Status: "valid", Keys: map[string]string{"number": "8"}})
				_, err := p.pay(t, s, "")
				wantReason(t, err, row.reason)
				taken, err := p.to.Instruments().List(t.Context(), instrument.Filter{Class: controllertest.ClassTicket})
				if err != nil || len(taken) != 1 {
					t.Errorf("the vendor has %d tickets, %v", len(taken), err)
				}
				var again comm.Executed
				conn := p.from.Dial(t, p.peer)
				err = errors.Join(
					conn.Call(t.Context(), comm.MethodInitiate, comm.Initiate{Role: comm.Client, PNP: negotiator}, nil),
					conn.Call(t.Context(), comm.MethodExecute, *begun.Load(), &again),
				)
				if err != nil || again.Fault != nil {
					t.Errorf("what was begun before: %v, %v", again.Fault, err)
				}
			})
		}
	}
}
