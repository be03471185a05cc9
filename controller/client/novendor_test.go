package client_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// shows is a protocol of tickets that only shows them.
type shows struct{ tab }

func (shows) Operations(instrument.ClassID, comm.Role) []protocol.Operation {
	return []protocol.Operation{{Name: "SHOW", Messages: true, Instruments: protocol.WantsMain}}
}

// Whoever pays a bank, or another wallet, has taken it for a vendor. They read what it is.
func TestAPeerThatIsNoVendor(t *testing.T) {
	for _, row := range []struct {
		name  string
		role  comm.Role
		sells bool // it offers tickets, and cannot be paid with them
		pays  client.Payment
	}{
		{"a bank", comm.Bank, false, client.Payment{}},
		{"a bank, with a class", comm.Bank, false, client.Payment{Class: controllertest.ClassTicket, Amount: amount(t, "CHF:3")}},
		{"a bank that knows the class", comm.Bank, true, client.Payment{Amount: amount(t, "CHF:3")}},
		{"another wallet", comm.Client, false, client.Payment{}},
		{"another wallet that knows the class", comm.Client, true, client.Payment{Amount: amount(t, "CHF:3")}},
	} {
		t.Run(row.name, func(t *testing.T) {
			net := inproc.NewNetwork()
			tickets := controllertest.TicketsWith()
			tickets.Protocols = []protocol.Protocol{shows{}}
			theirs := []protocol.Bundle{}
			if row.sells {
				theirs = append(theirs, tickets)
			}
			other := controllertest.New(t, net, controllertest.Options{Role: row.role, Policy: profile.UserPolicy(), Bundles: theirs})
			party := controllertest.New(t, net, controllertest.Options{Role: comm.Client, Policy: profile.UserPolicy(), Bundles: []protocol.Bundle{tickets, client.Payments()}})
			w := &wallet{party: party, Wallet: client.New(party.Controller, party.Me(t), nil)}
			id := w.ticket(t, "1")
			peer := other.Listen(t, controllertest.Inspector{Price: amount(t, "CHF:3")})
			row.pays.Peer, row.pays.Operation = peer, w.operation(t, "beer")
			_, err := w.Pay(t.Context(), row.pays, agreed)
			noVendor(t, err, row.role)
			_, err = w.PayTogether(t.Context(), client.Together{
				Peer: peer, Operation: w.operation(t, "dinner"), Amount: amount(t, "CHF:3"), Shares: []client.Share{{Instrument: id}},
			}, &chooser{})
			noVendor(t, err, row.role)
		})
	}
}

// A bank offers what its plugins bring, and names no price for it.
func TestNothingIsPaidWithoutAPriceAtABank(t *testing.T) {
	net := inproc.NewNetwork()
	tickets := []protocol.Bundle{controllertest.Tickets(), client.Payments()}
	bank := controllertest.New(t, net, controllertest.Options{Role: comm.Bank, Policy: profile.UserPolicy(), Bundles: tickets})
	party := controllertest.New(t, net, controllertest.Options{Role: comm.Client, Policy: profile.UserPolicy(), Bundles: tickets})
	w := &wallet{party: party, Wallet: client.New(party.Controller, party.Me(t), nil)}
	id := w.ticket(t, "1")
	_, err := w.Pay(t.Context(), client.Payment{Peer: bank.Listen(t, controllertest.Inspector{}), Operation: w.operation(t, "beer")}, func(context.Context, client.Bill) (bool, error) {
		t.Error("a person was asked")
		return true, nil
	})
	noVendor(t, err, comm.Bank)
	if i := w.party.View(t, id); i.Status != "valid" {
		t.Errorf("the ticket is %s", i.Status)
	}
}

// A withdrawal is paid at a terminal, and not at the bank whose address is in its code.
func TestAWithdrawalIsNotPaidAtItsBank(t *testing.T) {
	w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
	w.card(t, "1")
	_, pub := w.reserve(t, taler.ReserveSelected, b.uri(t, 1), 1, nil)
	b.says(func(s *taler.BankWithdrawalOperationStatus) {
		s.Status, s.SelectedReservePub = taler.StateSelected, pub
	})
	bank := comm.Peer{Addresses: []string{"taler+" + b.URL + "/"}}
	noVendor(t, w.Withdraw(t.Context(), client.Withdrawal{URI: b.uri(t, 1), Pay: &bank}, &person{}), comm.Bank)
	_, err := w.Pay(t.Context(), client.Payment{Peer: bank, Operation: w.operation(t, "k")}, func(context.Context, client.Bill) (bool, error) { return true, nil })
	noVendor(t, err, comm.Bank)
}

func noVendor(t *testing.T, err error, role comm.Role) {
	t.Helper()
	f := fault.From(err)
	if !errors.Is(err, fault.Unsupported) || f.Reason != "peer-no-vendor" {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(f.Message, "a "+string(role)+" and no vendor") || !strings.Contains(f.Hint, "name the vendor") {
		t.Errorf("a person reads %q and %q", f.Message, f.Hint)
	}
}
