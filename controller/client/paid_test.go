package client_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/protocol"
)

// withdraws goes on with the counter's withdrawal until the bank is waited for, and returns the
// fault with which the wait is ended there.
func (c *counter) withdraws(t *testing.T, pay bool) *fault.Fault {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	c.bank.mu.Lock()
	before := c.bank.held
	c.bank.held = leave
	c.bank.mu.Unlock()
	defer func() { // to another one around this one
		c.bank.mu.Lock()
		defer c.bank.mu.Unlock()
		c.bank.held = before
	}()
	want := client.Withdrawal{URI: c.uri}
	if pay {
		want.Pay = &c.peer
	}
	err := c.Withdraw(ctx, want, &person{})
	if fault.ReasonOf(err) != protocol.ReasonPending {
		t.Fatalf("it has not waited for the bank: %v", err)
	}
	return fault.From(err)
}

// A card is charged once for a withdrawal, in how many runs ever it is paid. Who waits for the bank
// reads that it was, whichever run has paid.
func TestAWithdrawalIsPaidOnce(t *testing.T) {
	c := openCounter(t, nil)
	for name, pay := range map[string]bool{"by another run that pays": true, "by one that does not": false} {
		first := c.withdraws(t, true)
		again := c.withdraws(t, pay)
		for _, f := range []*fault.Fault{first, again} {
			if !strings.Contains(f.Message, "charged CHF:20.5") || !strings.Contains(f.Hint, "wallet operation resume") {
				t.Errorf("%s: %s — %s", name, f.Message, f.Hint)
			}
		}
	}
	_, err := c.Pay(t.Context(), client.Payment{Peer: c.peer, Operation: c.operation(t, "by itself")}, agreed)
	if f := fault.From(err); f == nil || f.Reason != "withdrawal-paid" || !strings.Contains(f.Hint, "wallet operation resume") {
		t.Errorf("paid by itself: %v", err)
	}
	if n := c.till.taken.Load(); n != 1 {
		t.Errorf("charged %d times", n)
	}
}

// Of two processes of a wallet that come to the terminal at once one pays, wherever the other one is
// by then, and however it was told to pay.
func TestAWithdrawalIsPaidByOneOfTwoProcesses(t *testing.T) {
	for _, row := range []struct {
		name   string
		begins int32 // the other one pays when this one begins so many operations later; 0: when it is offered to
		alone  bool  // this one pays what the terminal waits for, under a key
	}{
		{"with an offer", 0, false},
		{"with an offer, under a key", 0, true},
		{"about to negotiate", 1, false},
		{"about to prove whose the withdrawal is", 2, false},
		{"about to pay", 3, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := openCounter(t, nil)
			var left atomic.Int32
			var other func()
			beside := *c
			beside.wallet = newWalletBy(t, c.net, controllertest.Options{
				Beside: c.party, Runner: "beside", Gone: func(string) bool { return false }, At: func(p protocol.Point) {
					if p == protocol.PointBegin && left.Load() > 0 && left.Add(-1) == 0 {
						other()
					}
				},
			})
			other = func() {
				if _, err := c.Pay(t.Context(), client.Payment{Peer: c.peer, Operation: c.operation(t, "other")}, agreed); row.alone && err != nil {
					t.Error(err)
				}
			}
			if !row.alone {
				other = func() { c.withdraws(t, true) }
			}
			asked := other
			if row.begins > 0 {
				asked = func() { left.Store(row.begins) }
			}
			c.till.asked.Store(&asked)
			if row.alone {
				_, err := beside.Pay(t.Context(), client.Payment{Peer: c.peer, Operation: c.operation(t, "this")}, agreed)
				if fault.ReasonOf(err) != "withdrawal-paid" {
					t.Errorf("it has ended with %v", err)
				}
			} else if f := beside.withdraws(t, true); !strings.Contains(f.Message, "charged CHF:20.5") {
				t.Errorf("it waits with %v", f)
			}
			if n := c.till.taken.Load(); n != 1 || left.Load() != 0 {
				t.Errorf("charged %d times, %d operations were not begun", n, left.Load())
			}
		})
	}
}

// What may have been paid is not paid again: that is for the terminal to find out. What certainly
// was not is.
func TestAWithdrawalThatMayBePaidIsNotPaidAgain(t *testing.T) {
	const notKnown = "not known yet whether your card was charged"
	for _, row := range []struct {
		name   string
		before error
		first  string // what those read who wait for the bank
		again  string
		taken  int32
	}{
		{"nobody knows", fault.New(fault.Unknown, "the provider does not answer").Because("provider-unknown"), notKnown, notKnown, 0},
		{"declined", fault.New(fault.Declined, "the card was declined").Because("card-declined"), "not confirmed", "charged CHF:20.5", 1},
		{"no time for it", fault.New(fault.Locked, "not now").Because("card-busy"), "not now", "charged CHF:20.5", 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := openCounter(t, row.before)
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			c.bank.held = leave
			if err := c.Withdraw(ctx, client.Withdrawal{URI: c.uri, Pay: &c.peer}, &person{}); err == nil || !strings.Contains(err.Error(), row.first) {
				t.Errorf("it ended with %v", err)
			}
			c.till.fails = nil
			if f := c.withdraws(t, true); !strings.Contains(f.Message, row.again) || c.till.taken.Load() != row.taken {
				t.Errorf("charged %d times: %v", c.till.taken.Load(), f)
			}
		})
	}
}

// A withdrawal whose bank is gone for good keeps nobody from paying a vendor who knows what is to be
// paid.
func TestADeadBankKeepsNoVendorFromBeingPaid(t *testing.T) {
	w, shop := inspection(t)
	w.ticket(t, "1")
	b := newBank(t)
	w.reserve(t, taler.ReserveSelected, b.uri(t, 1), 1, nil)
	b.Close()
	paid, err := w.Pay(t.Context(), client.Payment{Peer: shop, Operation: w.operation(t, "lunch")}, agreed)
	if err != nil || paid.Class != controllertest.ClassTicket {
		t.Errorf("%+v, %v", paid, err)
	}
	_, err = w.Pay(t.Context(), client.Payment{Peer: shop, Operation: w.operation(t, "dinner")}, agreed)
	if !errors.Is(err, fault.Unavailable) {
		t.Errorf("where nothing else can be paid: %v", err)
	}
}

// Nor does one whose bank is not asked any more, such as one in clear by whoever allows that no longer.
func TestABankThatIsNotAskedKeepsNoVendorFromBeingPaid(t *testing.T) {
	w, shop := inspection(t)
	w.ticket(t, "1")
	w.reserve(t, taler.ReserveSelected, newBank(t).uri(t, 1), 1, nil)
	refused := fault.New(fault.Denied, "it would be asked without encryption").Because(taler.ReasonAddressRefused)
	careful := client.New(w.Controller, w.party.Me(t), func(string) (*taler.Client, error) { return nil, refused })
	paid, err := careful.Pay(t.Context(), client.Payment{Peer: shop, Operation: w.operation(t, "lunch")}, agreed)
	if err != nil || paid.Class != controllertest.ClassTicket {
		t.Errorf("%+v, %v", paid, err)
	}
	if _, err = careful.Pay(t.Context(), client.Payment{Peer: shop, Operation: w.operation(t, "dinner")}, agreed); !errors.Is(err, refused) {
		t.Errorf("where nothing else can be paid: %v", err)
	}
}

// gone ends the bank when the card is charged, and leaves when that is noticed.
type gone struct {
	person
	bank  *bank
	leave context.CancelFunc
}

func (g *gone) Show(e client.Event) {
	g.person.Show(e)
	switch {
	case e.Event == "paid":
		g.bank.Close()
	case strings.Contains(e.Reason, "does not say whether it has confirmed"):
		g.leave()
	}
}

// Whoever leaves while the bank is not being asked reads of the payment as well.
func TestWhoeverLeavesBetweenTwoQuestionsReadsThatTheyHavePaid(t *testing.T) {
	c := openCounter(t, nil)
	ctx, leave := context.WithCancel(t.Context())
	err := c.Withdraw(ctx, client.Withdrawal{URI: c.uri, Pay: &c.peer}, &gone{bank: c.bank, leave: leave})
	if f := fault.From(err); fault.ReasonOf(err) != protocol.ReasonPending || !strings.Contains(f.Message, "charged CHF:20.5") {
		t.Errorf("it ended with %v", err)
	}
}
