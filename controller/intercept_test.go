package controller_test

import (
	"context"
	"errors"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
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
