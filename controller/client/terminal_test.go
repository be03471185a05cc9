package client_test

import (
	"context"
	"encoding/json"
	"slices"
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

// charging is the terminal's side of card.pay, with a provider that refuses, or does not say
// what it has done, if a test wants that.
type charging struct {
	offer instrument.Invoice
	price instrument.Amount
	fails error
	taken atomic.Int32
}

func (*charging) Info() protocol.Info { return protocol.Info{ID: "card.pay", Replay: 3} }

func (*charging) CompatibleWith(class instrument.ClassID) bool { return class == client.ClassCard }

func (*charging) Operations(instrument.ClassID, comm.Role) []protocol.Operation {
	return []protocol.Operation{{Name: protocol.Pay, Messages: true, Instruments: protocol.WantsMain}}
}

func (c *charging) DoOperation(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
	if err := s.Recv(ctx, nil); err != nil {
		return protocol.Result{}, err
	}
	if c.fails != nil {
		return protocol.Result{}, c.fails
	}
	c.taken.Add(1)
	r, err := protocol.ResultOf(map[string]any{"state": "paid", "reference": c.offer["reference"], "transaction": "4711", "amount": c.price})
	r.Amount = c.price
	return r, err
}

// till is a terminal that waits for the payment of one withdrawal, but not when it is asked
// first.
type till struct {
	*charging
	early atomic.Int32           // so many times it does not wait for it yet
	named atomic.Int32           // so many times it was told a WOPID
	asked atomic.Pointer[func()] // run once, when it has said that it waits
}

func (*till) Admit(context.Context, comm.Peer, comm.Initiate) (profile.Principal, error) {
	return profile.Principal{ID: "customer", Kind: profile.Person}, nil
}

func (s *till) Offers(_ context.Context, _ controller.Caller, inv instrument.Invoice, class instrument.ClassID) (instrument.Terms, instrument.Invoice, error) {
	if inv[controller.InvoiceReference] != "" {
		s.named.Add(1)
	}
	switch {
	case class != client.ClassCard:
		return instrument.Terms{}, nil, fault.New(fault.Unsupported, "cards only")
	case inv[controller.InvoiceReference] != s.offer["reference"] && inv[controller.InvoiceReserve] != s.offer["reserve"] || s.early.Add(-1) >= 0:
		return instrument.Terms{}, nil, fault.New(fault.NotFound, "nobody waits for this").Because(taler.ReasonUnknownOperation)
	}
	if asked := s.asked.Swap(nil); asked != nil {
		(*asked)()
	}
	return instrument.Terms{Price: s.price}, s.offer, nil
}

func (s *till) Prepare(_ context.Context, _ controller.Caller, _ comm.Execute, t *controller.Transaction) error {
	t.Reference = s.offer["reference"]
	return nil
}

func (*till) Ended(controller.Transaction, error) {}

// counter is a wallet with a card and a withdrawal that it has selected, and the terminal at
// which that is to be paid.
type counter struct {
	*wallet
	net  *inproc.Network
	bank *bank
	till *till
	peer comm.Peer
	uri  taler.WithdrawURI
	card instrument.ID
}

func openCounter(t *testing.T, fails error) *counter {
	t.Helper()
	net := inproc.NewNetwork()
	c := &counter{wallet: newWallet(t, net), net: net, bank: newBank(t)}
	c.uri, c.card = c.bank.uri(t, 1), c.wallet.card(t, "1")
	_, reserve := c.reserve(t, taler.ReserveSelected, c.uri, 1, func(r *taler.Reserve) { r.Account = account })
	c.bank.says(func(s *taler.BankWithdrawalOperationStatus) {
		s.Status, s.SelectedReservePub = taler.StateSelected, reserve
	})
	charges := &charging{price: amount(t, "CHF:20.5"), fails: fails, offer: instrument.Invoice{
		"reference": c.uri.ID.Text(), "merchant": "Corner shop", "reserve": taler.KeyGroups(reserve),
	}}
	terminal := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: []protocol.Bundle{
		{Name: "card", Classes: card.Bundle().Classes(comm.Vendor), Protocols: []protocol.Protocol{charges}},
	}})
	c.till = &till{charging: charges}
	c.peer = terminal.Listen(t, c.till)
	return c
}

// Who pays without an amount where a withdrawal of theirs is waited for pays that, and reads
// what they paid with which card. Under the same key nothing is paid again.
func TestWhatATerminalWaitsForIsPaid(t *testing.T) {
	for _, class := range []instrument.ClassID{"", client.ClassCard} {
		t.Run(string(class), func(t *testing.T) {
			c := openCounter(t, nil)
			want := client.Payment{Peer: c.peer, Operation: c.operation(t, "k"), Class: class}
			for range 2 {
				paid, err := c.Pay(t.Context(), want, agreed)
				if err != nil || paid.Price.String() != "CHF:20.5" || paid.Instrument != c.card || paid.Class != client.ClassCard || paid.Operation == "" {
					t.Fatalf("paid %+v, %v", paid, err)
				}
				var receipt struct{ State, Reference string }
				if err := json.Unmarshal(paid.Result, &receipt); err != nil || receipt.State != "paid" || receipt.Reference != c.uri.ID.Text() {
					t.Errorf("the receipt is %s", paid.Result)
				}
			}
			if n := c.till.taken.Load(); n != 1 {
				t.Errorf("charged %d times", n)
			}
		})
	}
}

// A vendor that the person has not named for a withdrawal is not told which ones are to be paid: whoever knows
// it could offer to be paid for it.
func TestAVendorIsNotToldWhichWithdrawalIsToBePaid(t *testing.T) {
	c := openCounter(t, nil)
	other := newBank(t)
	_, reserve := c.reserve(t, taler.ReserveSelected, other.uri(t, 2), 2, nil)
	other.says(func(s *taler.BankWithdrawalOperationStatus) {
		s.Status, s.SelectedReservePub = taler.StateSelected, reserve
	})
	paid, err := c.Pay(t.Context(), client.Payment{Peer: c.peer, Operation: c.operation(t, "k")}, agreed)
	if n := c.till.named.Load(); err != nil || paid.Price.String() != "CHF:20.5" || n != 0 {
		t.Errorf("the vendor was told %d times, and the payment ended with %+v, %v", n, paid, err)
	}
}

// A withdrawal is paid after its payer was asked, as all that is paid: a peer that says that it waits for it
// may be any. What the payer reads is not the peer's word.
func TestNobodyPaysAWithdrawalUnasked(t *testing.T) {
	c := openCounter(t, nil)
	var bill client.Bill
	_, err := c.Pay(t.Context(), client.Payment{Peer: c.peer, Operation: c.operation(t, "k")}, func(_ context.Context, b client.Bill) (bool, error) {
		bill = b
		return false, nil
	})
	if fault.ReasonOf(err) != "not-agreed" || c.till.taken.Load() != 0 {
		t.Errorf("charged %d times: %v", c.till.taken.Load(), err)
	}
	if bill.Class != client.ClassCard || bill.Protocol != "card.pay" || bill.Terms.Price.String() != "CHF:20.5" || bill.With.ID != c.card || bill.Terms.Text != "pays your withdrawal of CHF:20" {
		t.Errorf("asked about %+v", bill)
	}
}

// Who says what they buy wants that, and tells no shop of a withdrawal.
func TestWhoNamesAThingPaysNoWithdrawal(t *testing.T) {
	c := openCounter(t, nil)
	want := client.Payment{Peer: c.peer, Operation: c.operation(t, "k"), Invoice: instrument.Invoice{"product": "A1"}}
	if _, err := c.Pay(t.Context(), want, agreed); err == nil || c.till.taken.Load() != 0 {
		t.Errorf("charged %d times: %v", c.till.taken.Load(), err)
	}
}

// A terminal whose card provider takes its time is waited for, although nobody is there to be told.
func TestASlowTerminalIsPaid(t *testing.T) {
	c := openCounter(t, nil)
	c.Quiet = time.Nanosecond
	if _, err := c.Pay(t.Context(), client.Payment{Peer: c.peer, Operation: c.operation(t, "k")}, agreed); err != nil {
		t.Error(err)
	}
}

// Of several withdrawals the one is paid for which the terminal waits.
func TestTheWithdrawalIsPaidForWhichATerminalWaits(t *testing.T) {
	c := openCounter(t, nil)
	other := newBank(t)
	_, reserve := c.reserve(t, taler.ReserveSelected, other.uri(t, 2), 2, nil)
	other.says(func(s *taler.BankWithdrawalOperationStatus) {
		s.Status, s.SelectedReservePub = taler.StateSelected, reserve
	})
	c.till.offer["reference"], c.till.offer["reserve"] = other.uri(t, 2).ID.Text(), taler.KeyGroups(reserve)
	paid, err := c.Pay(t.Context(), client.Payment{Peer: c.peer, Operation: c.operation(t, "k")}, agreed)
	if err != nil || !strings.Contains(string(paid.Result), other.uri(t, 2).ID.Text()) || c.till.taken.Load() != 1 {
		t.Errorf("paid %+v, %v", paid, err)
	}
}

// A terminal that does not wait for the payment yet is asked again; how it went is shown once,
// and the bank has the last word.
func TestATerminalIsPaidWhenItWaits(t *testing.T) {
	for _, row := range []struct {
		name  string
		fails error
		shown string
		taken int32
	}{
		{"and takes it", nil, "paid", 1},
		{"and declines", fault.New(fault.Declined, "the card was declined").Because("card-declined"), "declined", 0},
		{"and does not know", fault.New(fault.Unknown, "the provider does not answer").Because("provider-unknown"), "unknown", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := openCounter(t, row.fails)
			c.till.early.Store(2)
			p := &watching{counter: c}
			err := c.Withdraw(t.Context(), client.Withdrawal{URI: c.uri, Pay: &c.peer}, p)
			if fault.ReasonOf(err) != "withdrawal-aborted" || c.till.taken.Load() != row.taken || c.till.early.Load() != -1 {
				t.Errorf("charged %d times, asked %d times too often: %v", c.till.taken.Load(), -1-c.till.early.Load(), err)
			}
			if !slices.Equal(p.paid, []string{row.shown}) {
				t.Errorf("shown %q", p.paid)
			}
			if row.shown == "paid" && p.price != "CHF:20.5" {
				t.Errorf("the price is shown as %s", p.price)
			}
		})
	}
}

// watching notes how a payment went; then the bank aborts the withdrawal.
type watching struct {
	person
	*counter
	paid  []string
	price string
}

func (w *watching) Show(e client.Event) {
	switch e.Event {
	case "paid", "declined", "unknown":
		w.paid = append(w.paid, e.Event)
		if e.Amount != nil {
			w.price = e.Amount.String()
		}
		w.bank.says(func(s *taler.BankWithdrawalOperationStatus) { s.Status = taler.StateAborted })
	}
}

// A withdrawal that the bank has decided is not paid any more: whoever asks again hears of its
// end.
func TestADecidedWithdrawalIsNotPaid(t *testing.T) {
	c := openCounter(t, nil)
	c.bank.says(func(s *taler.BankWithdrawalOperationStatus) { s.Status = taler.StateAborted })
	p := &watching{counter: c}
	err := c.Withdraw(t.Context(), client.Withdrawal{URI: c.uri, Pay: &c.peer}, p)
	if fault.ReasonOf(err) != "withdrawal-aborted" || len(p.paid) > 0 || c.till.taken.Load() != 0 {
		t.Errorf("shown %q, charged %d times: %v", p.paid, c.till.taken.Load(), err)
	}
}
