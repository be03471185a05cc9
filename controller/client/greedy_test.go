package client_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/card"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// greedy is a terminal that keeps a card's authorisation and says that it waits
// for no payment.
type greedy struct {
	offer instrument.Invoice
	price instrument.Amount
	taken atomic.Int32
}

func (*greedy) Admit(context.Context, comm.Peer, comm.Initiate) (profile.Principal, error) {
	return profile.Principal{ID: "customer", Kind: profile.Person}, nil
}

func (g *greedy) Offers(_ context.Context, _ controller.Caller, _ instrument.Invoice, class instrument.ClassID) (instrument.Terms, instrument.Invoice, error) {
	if class != client.ClassCard {
		return instrument.Terms{}, nil, fault.New(fault.Unsupported, "cards only")
	}
	return instrument.Terms{Price: g.price}, g.offer, nil
}

func (g *greedy) Prepare(_ context.Context, _ controller.Caller, e comm.Execute, _ *controller.Transaction) error {
	g.taken.Add(int32(len(e.Msgs)))
	return fault.New(fault.NotFound, "nobody waits").Because(taler.ReasonUnknownOperation)
}

func (*greedy) Ended(controller.Transaction, error) {}

func TestATerminalGetsOneAuthorisationAndNotAnother(t *testing.T) {
	for _, row := range []struct {
		name   string
		other  bool   // another wallet has the withdrawal, whatever the terminal says
		fees   string // that the person was shown when they agreed; empty: by an older build
		reason fault.Reason
		taken  int32
	}{
		{"of its wallet", false, "CHF:0.5", "sale-over", 1},
		{"of another wallet", true, "CHF:0.5", "wallet-differs", 0},
		{"for fees that the bank has raised since", false, "CHF:0.4", "price-differs", 0},
		{"for fees of which nobody was told", false, "CHF:0", "price-differs", 0},
		{"begun by an older build", false, "", "sale-over", 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			net := inproc.NewNetwork()
			w, b := newWallet(t, net), newBank(t)
			uri := b.uri(t, 1)
			_, reserve := w.reserve(t, taler.ReserveSelected, uri, 1, func(r *taler.Reserve) {
				if row.fees != "" {
					r.Agreed = &taler.Agreed{CardFees: amount(t, row.fees)}
				}
			})
			has := reserve
			if row.other {
				has[0] ^= 1
			}
			b.says(func(s *taler.BankWithdrawalOperationStatus) {
				s.Status, s.SelectedReservePub, s.Amount = taler.StateSelected, has, amount(t, "CHF:20")
			})
			g, peer := w.greedyAt(t, net, uri, reserve)
			err := w.Withdraw(t.Context(), client.Withdrawal{URI: uri, Pay: &peer}, &person{})
			if fault.ReasonOf(err) != row.reason {
				t.Errorf("it ended with %v", err)
			}
			if n := g.taken.Load(); n != row.taken {
				t.Errorf("the terminal has %d authorisations", n)
			}
		})
	}
}

// A terminal that has said that it waits for nothing may be honest, so it is paid in the next run; but
// only for the same merchant, whom the card pays once.
func TestWhoDeniesAPaymentGetsNoneForAnotherMerchant(t *testing.T) {
	net := inproc.NewNetwork()
	w, b := newWallet(t, net), newBank(t)
	uri := b.uri(t, 1)
	_, reserve := w.reserve(t, taler.ReserveSelected, uri, 1, nil)
	b.says(func(s *taler.BankWithdrawalOperationStatus) {
		s.Status, s.SelectedReservePub, s.Amount, s.CardFees = taler.StateSelected, reserve, amount(t, "CHF:20"), amount(t, "CHF:0.5")
	})
	g, peer := w.greedyAt(t, net, uri, reserve)
	for n, row := range []struct {
		merchant string
		reason   fault.Reason
		taken    int32
	}{
		{"greedy", "sale-over", 1},
		{"greedier", "payee-differs", 1},
		{"greedy", "sale-over", 2},
		{"greedier", "payee-differs", 2},
	} {
		g.offer["merchant"] = row.merchant
		err := w.Withdraw(t.Context(), client.Withdrawal{URI: uri, Pay: &peer}, &person{})
		if fault.ReasonOf(err) != row.reason || g.taken.Load() != row.taken {
			t.Errorf("run %d: the terminal has %d authorisations, and it ended with %v", n, g.taken.Load(), err)
		}
	}
}

// Nor does it get another card, which its provider would charge as well. Whoever names none pays with
// the one of before, and the wallet's refusal names it.
func TestWhoDeniesAPaymentGetsNoOtherCard(t *testing.T) {
	net := inproc.NewNetwork()
	w, b := newWallet(t, net), newBank(t)
	uri := b.uri(t, 1)
	_, reserve := w.reserve(t, taler.ReserveSelected, uri, 1, nil)
	b.says(func(s *taler.BankWithdrawalOperationStatus) {
		s.Status, s.SelectedReservePub, s.Amount, s.CardFees = taler.StateSelected, reserve, amount(t, "CHF:20"), amount(t, "CHF:0.5")
	})
	g, peer := w.greedyAt(t, net, uri, reserve)
	other := w.card(t, "2")
	first := w.card(t, "3")
	for n, row := range []struct {
		with   instrument.ID
		alone  bool // by Pay
		reason fault.Reason
		taken  int32
	}{
		{first, false, "sale-over", 1},
		{other, false, "card-differs", 1},
		{other, true, "card-differs", 1},
		{"", false, "sale-over", 2},
		{"", true, "sale-over", 3},
		{first, false, "sale-over", 4},
		{other, false, "card-differs", 4},
	} {
		var err error
		if row.alone {
			_, err = w.Pay(t.Context(), client.Payment{Peer: peer, Operation: w.operation(t, fmt.Sprint(n)), Instrument: row.with}, agreed)
		} else {
			err = w.Withdraw(t.Context(), client.Withdrawal{URI: uri, Pay: &peer, Card: row.with}, &person{})
		}
		if fault.ReasonOf(err) != row.reason || g.taken.Load() != row.taken {
			t.Errorf("run %d: the terminal has %d authorisations, and it ended with %v", n, g.taken.Load(), err)
		}
		if f := fault.From(err); f.Reason == "card-differs" && !strings.Contains(f.Hint, `--instrument "card 3"`) {
			t.Errorf("run %d: %s", n, f.Hint)
		}
	}
}

// A withdrawal at a bank that is gone, or that another wallet has, keeps no other from being
// paid: anybody can show a code of a bank that never answers again.
func TestADeadBankKeepsNoOtherWithdrawalFromBeingPaid(t *testing.T) {
	net := inproc.NewNetwork()
	w, gone, other, b := newWallet(t, net), newBank(t), newBank(t), newBank(t)
	w.reserve(t, taler.ReserveSelected, gone.uri(t, 1), 1, nil)
	gone.Close()
	w.reserve(t, taler.ReserveSelected, other.uri(t, 2), 2, nil)
	other.says(func(s *taler.BankWithdrawalOperationStatus) {
		s.Status, s.SelectedReservePub = taler.StateSelected, taler.EddsaPublicKey{9}
	})
	uri := b.uri(t, 3)
	_, reserve := w.reserve(t, taler.ReserveSelected, uri, 3, nil)
	b.says(func(s *taler.BankWithdrawalOperationStatus) {
		s.Status, s.SelectedReservePub = taler.StateSelected, reserve
	})
	g, peer := w.greedyAt(t, net, uri, reserve)
	if _, err := w.Pay(t.Context(), client.Payment{Peer: peer, Operation: w.operation(t, "one")}, agreed); fault.ReasonOf(err) != "sale-over" || g.taken.Load() != 1 {
		t.Errorf("the terminal has %d authorisations, and it ended with %v", g.taken.Load(), err)
	}
}

// What the vendor asks for is said, and not that the bank of an earlier withdrawal is gone.
func TestADeadBankHidesNoWordOfTheVendor(t *testing.T) {
	net := inproc.NewNetwork()
	w, gone := newWallet(t, net), newBank(t)
	uri := gone.uri(t, 1)
	_, reserve := w.reserve(t, taler.ReserveSelected, uri, 1, nil)
	gone.Close()
	_, sells := w.greedyAt(t, net, uri, reserve)
	w.card(t, "2")
	for at, want := range map[*comm.Peer]fault.Reason{&sells: "input-needed", new(terminalAt(t, net, &idle{})): "server-unreachable"} {
		if _, err := w.Pay(t.Context(), client.Payment{Peer: *at, Operation: w.operation(t, "one")}, nil); fault.ReasonOf(err) != want {
			t.Errorf("it ended with %v (%s)", err, fault.ReasonOf(err))
		}
	}
}

// idle is a terminal that waits for no payment.
type idle struct{ greedy }

func (*idle) Offers(context.Context, controller.Caller, instrument.Invoice, instrument.ClassID) (instrument.Terms, instrument.Invoice, error) {
	return instrument.Terms{}, nil, fault.New(fault.NotFound, "nobody waits").Because(taler.ReasonUnknownOperation)
}

// ends has a bank abort what its wallet waits for, as soon as the person is told.
type ends struct {
	person
	b *bank
}

func (e *ends) Show(event client.Event) {
	e.person.Show(event)
	if event.Event == client.EventWaiting && strings.Contains(event.Reason, "does not wait for the payment") {
		e.b.says(func(s *taler.BankWithdrawalOperationStatus) { s.Status = taler.StateAborted })
	}
}

// Whoever has named another terminal, or another process of it, is told so, and does not wait in
// silence until the bank gives the withdrawal up.
func TestAPersonIsToldThatTheTerminalWaitsForNothing(t *testing.T) {
	net := inproc.NewNetwork()
	w, b := newWallet(t, net), newBank(t)
	uri := b.uri(t, 1)
	_, reserve := w.reserve(t, taler.ReserveSelected, uri, 1, nil)
	b.says(func(s *taler.BankWithdrawalOperationStatus) {
		s.Status, s.SelectedReservePub = taler.StateSelected, reserve
	})
	w.Quiet = time.Nanosecond
	w.card(t, "1")
	peer := terminalAt(t, net, &idle{})
	err := w.Withdraw(t.Context(), client.Withdrawal{URI: uri, Pay: &peer}, &ends{b: b})
	if !errors.Is(err, fault.Declined) {
		t.Errorf("it ended with %v", err)
	}
}

// greedyAt is such a terminal, and a card with which it could be paid.
func (w *wallet) greedyAt(t *testing.T, net *inproc.Network, uri taler.WithdrawURI, reserve taler.EddsaPublicKey) (*greedy, comm.Peer) {
	t.Helper()
	g := &greedy{price: amount(t, "CHF:20.5"), offer: instrument.Invoice{
		"reference": uri.ID.Text(), "merchant": "greedy", "reserve": taler.KeyGroups(reserve),
	}}
	w.card(t, "1")
	return g, terminalAt(t, net, g)
}

// terminalAt is a vendor that takes cards.
func terminalAt(t *testing.T, net *inproc.Network, s controller.Servicing) comm.Peer {
	t.Helper()
	cards := card.Bundle()
	terminal := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: []protocol.Bundle{
		{Name: cards.Name, Classes: cards.Classes(comm.Vendor), Protocols: cards.Protocols(comm.Vendor)},
	}})
	return terminal.Listen(t, s)
}

// card is a card that can pay.
func (w *wallet) card(t *testing.T, number string) instrument.ID {
	t.Helper()
	i := instrument.Instance{Class: client.ClassCard, Status: "active", Name: "card " + number}
	check(t, i.Encode(map[string]any{
		"account": "card-" + number, "brand": "visa", "last4": "4242", "key": base64.StdEncoding.EncodeToString(make([]byte, 32)),
	}))
	return w.party.Create(t, i)
}
