package client_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/fault/faulttest"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// What somebody has paid under a key is no answer to another user of the wallet who says the same key: they
// would read that they have paid, or go on with the other one's payment.
func TestAKeyIsItsUsers(t *testing.T) {
	m := openMarket(t)
	another := client.New(m.party.Controller, profile.Principal{ID: "another", Kind: profile.Person}, nil)
	taken := func(err error) {
		t.Helper()
		faulttest.Want(t, err, fault.Conflict, protocol.ReasonKeyReused)
	}

	alone := client.Payment{Peer: m.peer, Operation: m.operation(t, "alone"), Amount: amount(t, "CHF:3"), Class: "green"}
	_, err := m.Pay(t.Context(), alone, agreed)
	check(t, err)
	_, err = another.Pay(t.Context(), alone, agreed)
	taken(err)
	paid, err := m.Pay(t.Context(), alone, agreed)
	if err != nil || paid.Price != alone.Amount {
		t.Errorf("the one who has paid it: %v, %v", paid, err)
	}

	m.refuses.Store("blue")
	open, err := m.PayTogether(t.Context(), m.purchase("whole"), &chooser{others: []instrument.ID{"nothing"}})
	if open.Status != client.PaymentOpen {
		t.Fatalf("%+v, %v", open, err)
	}
	_, err = another.PayTogether(t.Context(), m.purchase("whole"), client.Nobody{})
	taken(err)
	alone.Operation = m.operation(t, "whole")
	_, err = another.Pay(t.Context(), alone, agreed)
	taken(err)
	taken(another.Unused(t.Context(), alone.Operation))
	if got := m.has(); got != "used ready used; 2 taken" {
		t.Error(got)
	}
}
