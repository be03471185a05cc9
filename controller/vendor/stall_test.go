package vendor_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// stamps are a class that comes back: each number is taken once. What is given is
// asked before one is.
func stamps(role comm.Role, before ...func() error) protocol.Bundle {
	class := sdk.Class{About: instrument.Info{ID: "stamp", Title: "Stamp", Keys: []string{"number"}, Moves: []instrument.Move{
		{To: "ready"}, {From: "ready", To: "shown"}, {From: "shown", To: "shown"}, {From: "shown", To: "ready"}, {From: "shown", To: "used"}, {From: "used", To: "ready"}, {To: "taken"},
	}}}
	return protocol.Bundle{Name: "stamps", Classes: sdk.Refundable(role, class), Protocols: []protocol.Protocol{sdk.Simple{
		Name: "stamp.stick", Class: "stamp", Operation: protocol.Pay, Accepted: "used", Returned: "ready",
		Present: func(_ protocol.Session, c protocol.Call, i *instrument.Instance) (protocol.Result, error) {
			i.Status = "shown"
			return protocol.Result{Value: i.State, Amount: c.Offer.Terms.Price}, nil
		},
		Accept: func(_ protocol.Session, c protocol.Call, tx instrument.Tx, message json.RawMessage) (protocol.Result, error) {
			for _, f := range before {
				if err := f(); err != nil {
					return protocol.Result{}, err
				}
			}
			_, err := tx.Create(instrument.Instance{Class: "stamp", Status: "taken", Keys: map[string]string{"number": string(message)}, State: message})
			return protocol.Result{Value: json.RawMessage(`{}`), Amount: c.Offer.Terms.Price}, err
		},
		GiveBack: func(instrument.Tx, json.RawMessage, instrument.Amount) (json.RawMessage, error) {
			return json.RawMessage(`{}`), nil
		},
	}}}
}

// stall is a shop that takes stamps, and two customers.
type stall struct {
	*vendor.Terminal
	t         *testing.T
	peer      comm.Peer
	till      *controllertest.Party
	amy, bob  *controllertest.Party
	next      int
	operation map[string]instrument.OperationID // by the name of the part
}

func openStall(t *testing.T, policy vendor.RefundPolicy) *stall {
	t.Helper()
	return openStallOf(t, policy, stamps(comm.Vendor))
}

func openStallOf(t *testing.T, policy vendor.RefundPolicy, taken protocol.Bundle) *stall {
	t.Helper()
	net := inproc.NewNetwork()
	till := controllertest.New(t, net, controllertest.Options{
		Role: comm.Vendor, Policy: profile.CustomerPolicy(), Bundles: []protocol.Bundle{vendor.Payments(), taken},
	})
	s := &stall{t: t, till: till, operation: map[string]instrument.OperationID{}, Terminal: vendor.New(till.Controller, nil, vendor.Config{Merchant: "Corner shop", Refunds: policy})}
	s.peer = till.Listen(t, s.Servicing())
	s.amy = controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: []protocol.Bundle{stamps(comm.Client)}})
	s.bob = controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: []protocol.Bundle{stamps(comm.Client)}})
	return s
}

// pay pays a part of a payment of CHF 3, or CHF 1 alone if it has no name.
func (s *stall) pay(who *controllertest.Party, payment, part, price string) error {
	s.t.Helper()
	s.next++
	state, _ := json.Marshal(s.next)
	stamp := who.Create(s.t, instrument.Instance{Class: "stamp", Status: "ready", State: state})
	inv := instrument.Invoice{"amount": price}
	if payment != "" {
		inv[controller.InvoicePayment], inv[controller.InvoicePart], inv[controller.InvoiceTotal] = payment, part, "CHF:3"
	}
	session, err := who.InitiateSession(s.t.Context(), s.peer, controller.Login{})
	check(s.t, err)
	defer func() { _ = session.Close(s.t.Context()) }()
	if _, err := session.Negotiate(s.t.Context(), "stamp", inv); err != nil {
		return err
	}
	id, err := who.OperationID("pay " + payment + part + string(state))
	check(s.t, err)
	_, err = session.Execute(s.t.Context(), controller.Transaction{ID: id, Principal: who.Me(s.t), Operation: protocol.Pay, Class: "stamp", Instruments: []instrument.ID{stamp}}, nil)
	s.operation[part] = id
	return err
}

// refund asks for the payment of a part, as somebody who does not keep to the steps
// and negotiates something else.
func (s *stall) refund(who *controllertest.Party, part string) error {
	s.t.Helper()
	return s.refundUnder("", who, part)
}

// refundUnder is refund under an id of the payer's choice.
func (s *stall) refundUnder(id instrument.OperationID, who *controllertest.Party, part string) error {
	s.t.Helper()
	return s.refundWith(id, who, map[string]any{"payment": s.operation[part]})
}

// refundWith is refundUnder with other arguments.
func (s *stall) refundWith(id instrument.OperationID, who *controllertest.Party, args any) error {
	s.t.Helper()
	session, err := who.InitiateSession(s.t.Context(), s.peer, controller.Login{})
	check(s.t, err)
	defer func() { _ = session.Close(s.t.Context()) }()
	_, err = session.Negotiate(s.t.Context(), "stamp", instrument.Invoice{"amount": "CHF:1"})
	check(s.t, err)
	stamps, err := who.Instruments().List(s.t.Context(), instrument.Filter{Class: "stamp", Status: "used", Limit: 1})
	check(s.t, err)
	x := controller.Transaction{ID: id, Principal: who.Me(s.t), Operation: protocol.Refund, Class: "stamp", Args: args}
	if len(stamps) > 0 {
		x.Instruments = []instrument.ID{stamps[0].ID}
	} else {
		x.Instruments = []instrument.ID{who.Create(s.t, instrument.Instance{Class: "stamp", Status: "ready", State: []byte(`"x"`)})}
	}
	_, err = session.Execute(s.t.Context(), x, nil)
	return err
}

func (s *stall) status(who *controllertest.Party, payment string) string {
	s.t.Helper()
	p, err := s.Payment(s.t.Context(), who.Identity.KeyText(), payment)
	if errors.Is(err, fault.NotFound) {
		return ""
	}
	check(s.t, err)
	return p.Status
}
