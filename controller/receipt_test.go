package controller_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// showing also lets itself be looked at, for nothing.
type showing struct{ protocol.Protocol }

func (s showing) Operations(class instrument.ClassID, peer comm.Role) []protocol.Operation {
	return append(s.Protocol.Operations(class, peer), protocol.Operation{Name: "LOOK", Messages: true})
}

func (s showing) DoOperation(ctx context.Context, session protocol.Session, c protocol.Call) (protocol.Result, error) {
	if c.Operation == "LOOK" {
		return protocol.ResultOf(struct{}{})
	}
	return s.Protocol.DoOperation(ctx, session, c)
}

// A receipt says that an offer was paid. Who shows a signed offer with something else that
// they ask for has paid nothing, and gets none.
func TestOnlyAPaymentHasAReceipt(t *testing.T) {
	net := inproc.NewNetwork()
	tickets := controllertest.Tickets()
	tickets.Protocols[0] = showing{tickets.Protocols[0]}
	amy := controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: []protocol.Bundle{tickets}})
	to := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: []protocol.Bundle{tickets}})
	conn := amy.Dial(t, to.Listen(t, controllertest.Inspector{Price: price}))
	var offered comm.Offered
	err := errors.Join(
		conn.Call(t.Context(), comm.MethodInitiate, hello(amy), nil), conn.Call(t.Context(), comm.MethodClasses, comm.Classes{}, &offered),
		conn.Call(t.Context(), comm.MethodSelect, comm.Select{Class: "ticket", Protocol: controllertest.ProtocolPunch}, nil),
	)
	if err != nil {
		t.Fatal(err)
	}
	offer := offered.Offers[0]
	body, err := controller.OfferBody(offer)
	if err != nil {
		t.Fatal(err)
	}
	for operation, want := range map[string]bool{"LOOK": false, protocol.Pay: true} {
		e := comm.Execute{Op: "000000000000000000000000000000" + map[bool]string{true: "01", false: "02"}[want], Call: comm.Call{
			Protocol: controllertest.ProtocolPunch, Operation: operation, Class: "ticket", Offer: &offer, Payer: &comm.Payer{Counter: 1, Expiry: body.Until},
		}}
		if want {
			e.Msgs = []comm.Message{{N: 1, Body: json.RawMessage(`{"Number":"7"}`)}}
		}
		e.Call.Payer.Signature = amy.Identity.Sign(controller.PayerText(offer, instrument.OperationID(e.Op), e.Call.Protocol, operation, *e.Call.Payer))
		var got comm.Executed
		if err := conn.Call(t.Context(), comm.MethodExecute, e, &got); err != nil || got.Fault != nil {
			t.Fatalf("%s: %v, %v", operation, err, got.Fault)
		}
		if has := got.Receipt != nil; has != want {
			t.Errorf("%s has a receipt: %v", operation, has)
		}
	}
}
