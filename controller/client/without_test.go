package client_test

import (
	"context"
	"crypto/rand"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// tab is a protocol of tickets that pays with the customer's word, and shows a ticket.
type tab struct{}

func (tab) Info() protocol.Info {
	return protocol.Info{ID: "ticket.tab", Title: "On the tab", Replay: 1}
}

func (tab) CompatibleWith(class instrument.ClassID) bool { return class == controllertest.ClassTicket }

func (tab) Operations(instrument.ClassID, comm.Role) []protocol.Operation {
	return []protocol.Operation{
		{Name: protocol.Pay, Messages: true, Instruments: protocol.WantsNone},
		{Name: "SHOW", Messages: true, Instruments: protocol.WantsMain},
		{Name: "WAVE", Messages: true},
	}
}

func (tab) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	if s.Side() == protocol.Initiator {
		if err := s.Recv(ctx, nil); err != nil {
			return protocol.Result{}, err
		}
	}
	r := protocol.Result{Value: []byte(`{}`)}
	if c.Offer != nil {
		r.Amount = c.Offer.Terms.Price
	}
	return r, nil
}

// inn is a wallet and somebody who keeps tabs.
func inn(t *testing.T) (*wallet, comm.Peer) {
	t.Helper()
	net := inproc.NewNetwork()
	tabs := controllertest.TicketsWith()
	tabs.Protocols = []protocol.Protocol{tab{}}
	shop := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Policy: profile.CustomerPolicy(), Bundles: []protocol.Bundle{tabs}})
	party := controllertest.New(t, net, controllertest.Options{Role: comm.Client, Policy: profile.UserPolicy(), Bundles: []protocol.Bundle{tabs}})
	return &wallet{party: party, Wallet: client.New(party.Controller, party.Me(t), nil)}, shop.Listen(t, controllertest.Inspector{Price: amount(t, "CHF:3")})
}

// A payment that takes no instrument is made without one, also by whoever has some.
func TestAPaymentThatTakesNoInstrument(t *testing.T) {
	for name, have := range map[string]int{"by whoever has none": 0, "by whoever has two": 2} {
		t.Run(name, func(t *testing.T) {
			w, shop := inn(t)
			for n := range have {
				w.ticket(t, string(rune('1'+n)))
			}
			want := client.Payment{Peer: shop, Operation: w.operation(t, "beer"), Class: controllertest.ClassTicket, Amount: amount(t, "CHF:3")}
			for range 2 { // and once more under the same key
				paid, err := w.Pay(t.Context(), want, agreed)
				if err != nil || paid.Instrument != "" || paid.Price.String() != "CHF:3" {
					t.Fatalf("paid %+v, %v", paid, err)
				}
			}
		})
	}
	w, shop := inn(t)
	id := w.ticket(t, "1")
	_, err := w.Pay(t.Context(), client.Payment{Peer: shop, Operation: w.operation(t, "beer"), Instrument: id}, agreed)
	if fault.ReasonOf(err) != "instrument-unwanted" {
		t.Errorf("with an instrument: %v", err)
	}
}

// Whoever names no instrument gets the one that there is for an operation that says
// that it begins with one.
func TestWithWhichInstrument(t *testing.T) {
	for _, row := range []struct {
		name      string
		operation string
		have      int
		wants     int
		reason    fault.Reason
	}{
		{"the only one", "SHOW", 1, 1, ""},
		{"none of none", "SHOW", 0, 0, "instrument-missing"},
		{"which of two", "SHOW", 2, 0, "input-needed"},
		{"none for one that takes none", protocol.Pay, 1, 0, ""},
		{"none for one that says nothing", "WAVE", 1, 0, ""},
		{"an operation that there is not", "DANCE", 1, 0, "operation-unknown"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, shop := inn(t)
			for n := range row.have {
				w.ticket(t, string(rune('1'+n)))
			}
			s, err := w.InitiateSession(t.Context(), shop, controller.Login{})
			check(t, err)
			_, err = s.Negotiate(t.Context(), controllertest.ClassTicket, nil)
			check(t, err)
			with, err := w.With(t.Context(), s, controller.Transaction{Class: controllertest.ClassTicket, Operation: row.operation})
			if fault.ReasonOf(err) != row.reason || row.reason == "" && err != nil || err == nil && len(with) != row.wants {
				t.Errorf("%v, %v", with, err)
			}
			check(t, s.Close(t.Context()))
		})
	}
}

// An operation that is asked for again is asked for with what it began with.
func TestAKnownOperationKeepsItsInstrument(t *testing.T) {
	w, shop := inn(t)
	first := w.ticket(t, "1")
	s, err := w.InitiateSession(t.Context(), shop, controller.Login{})
	check(t, err)
	_, err = s.Negotiate(t.Context(), controllertest.ClassTicket, nil)
	check(t, err)
	x := controller.Transaction{ID: w.operation(t, "k"), Principal: w.User(), Class: controllertest.ClassTicket, Operation: "SHOW"}
	for range 2 {
		again := x
		again.Instruments, err = w.With(t.Context(), s, x)
		if err != nil || len(again.Instruments) != 1 || again.Instruments[0] != first {
			t.Fatalf("with %v, not %s: %v", again.Instruments, first, err)
		}
		_, err = s.Execute(t.Context(), again, nil)
		check(t, err)
		w.ticket(t, rand.Text()) // from now on there are several
	}
	check(t, s.Close(t.Context()))
}
