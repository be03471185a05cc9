package controller_test

import (
	"context"
	"slices"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// counting is punching whose wallet can count, which asks nobody.
type counting struct{ protocol.Protocol }

func (c counting) Operations(class instrument.ClassID, peer comm.Role) []protocol.Operation {
	out := c.Protocol.Operations(class, peer)
	if peer == comm.Vendor {
		out = append(slices.Clone(out), protocol.Operation{Name: "COUNT"})
	}
	return out
}

func (c counting) DoOperation(ctx context.Context, s protocol.Session, call protocol.Call) (protocol.Result, error) {
	if call.Operation == "COUNT" {
		return protocol.Result{Value: []byte(`1`)}, nil
	}
	return c.Protocol.DoOperation(ctx, s, call)
}

// What a protocol does here without its peer, the peer need not have.
func TestWhatIsDoneWithoutThePeer(t *testing.T) {
	net := inproc.NewNetwork()
	tickets := controllertest.Tickets()
	tickets.Protocols = []protocol.Protocol{counting{tickets.Protocols[0]}}
	from := controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: []protocol.Bundle{tickets}})
	peer := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: []protocol.Bundle{controllertest.Tickets()}}).
		ListenWith(t, func(h comm.Handler) comm.Handler { return h }, controllertest.Inspector{Price: price})
	ticket := from.Create(t, instrument.Instance{Class: controllertest.ClassTicket, Status: "valid", Keys: map[string]string{"number": "7"}})
	s, err := from.InitiateSession(t.Context(), peer, controller.Login{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Alone(controllertest.ClassTicket); fault.ReasonOf(err) != "out-of-order" {
		t.Errorf("before a protocol is selected: %v", err)
	}
	if _, err := s.Negotiate(t.Context(), controllertest.ClassTicket, nil); err != nil {
		t.Fatal(err)
	}
	ops, err := s.Alone(controllertest.ClassTicket)
	if err != nil || len(ops) != 1 || ops[0].Name != "COUNT" {
		t.Fatalf("%+v, %v", ops, err)
	}
	got, err := s.Execute(t.Context(), controller.Transaction{Principal: from.Me(t), Operation: "COUNT", Class: controllertest.ClassTicket, Instruments: []instrument.ID{ticket}}, nil)
	if err != nil || string(got.Value) != "1" {
		t.Errorf("%s, %v", got.Value, err)
	}
}
