package vendor_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/protocol"
)

// TestAWithdrawalThatTheBankEnds is over at the terminal as well, which says what becomes of a
// card that was charged, and does not go on with it.
func TestAWithdrawalThatTheBankEnds(t *testing.T) {
	for name, row := range map[string]struct {
		at      string // the event at which it happens
		happens func(c *cast, id taler.WOPID) error
		reason  string
		charged int
	}{
		"the wallet aborts before it selects": {vendor.EventSetup, func(c *cast, id taler.WOPID) error {
			return c.bank.Wallet().AbortOperation(t.Context(), id.ID())
		}, "before a card was shown", 0},
		"the wallet aborts while the card is charged": {vendor.EventPaid, func(c *cast, id taler.WOPID) error {
			return c.bank.Wallet().AbortOperation(t.Context(), id.ID())
		}, "owed back", 1},
		"the provider says to the bank that the card was declined": {vendor.EventPaid, func(c *cast, id taler.WOPID) error {
			c.bank.Provider.Put(banktest.Payment{ID: "pay-1", State: "failed", Amount: amount(t, "CHF:20.5"), Reference: id.Text()})
			return nil
		}, "could not verify the payment", 1},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCast(t)
			selects := c.selects(t, newPurse(t, 1))
			var id taler.WOPID
			person := customer{on: func(e vendor.Event) {
				if e.Event == vendor.EventSetup {
					var err error
					id, err = taler.ParseWOPID(e.WOPID)
					check(t, err)
				}
				if e.Event == row.at {
					check(t, row.happens(c, id))
				} else {
					selects(e)
				}
			}}
			w, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &person)
			if fault.KindOf(err) != fault.Declined || w.Status != taler.TerminalAborted || !strings.Contains(w.Reason, row.reason) || c.cards.Times() != row.charged {
				t.Errorf("it is %s for %q after %d charges: %v", w.Status, w.Reason, c.cards.Times(), err)
			}
			if again, err := c.Resume(t.Context(), id, "approved", &customer{}); again.Status != taler.TerminalAborted || c.cards.Times() != row.charged {
				t.Errorf("resumed it is %s after %d charges: %v", again.Status, c.cards.Times(), err)
			}
		})
	}
}

// TestAnOrderThatIsGivenAgain after it came to nothing is told the same end, and nothing
// is charged; another amount is no such order.
func TestAnOrderThatIsGivenAgain(t *testing.T) {
	for name, row := range map[string]struct {
		person customer
		card   string
		shown  []string
	}{
		"the card was declined":        {customer{}, "declined", []string{vendor.EventSetup, vendor.EventSelected, vendor.EventAborted}},
		"the customer does not accept": {customer{refuses: true}, "approved", []string{vendor.EventSetup, vendor.EventAborted}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCast(t)
			order := vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: row.card}
			person := row.person
			person.on = c.selects(t, newPurse(t, 1))
			w, err := c.Withdraw(t.Context(), order, &person)
			if fault.KindOf(err) != fault.Declined || w.Status != taler.TerminalAborted {
				t.Fatalf("it is %s: %v", w.Status, err)
			}
			charges := c.cards.Times()
			order.Card = "approved"
			told := customer{}
			again, err := c.Withdraw(t.Context(), order, &told)
			if fault.KindOf(err) != fault.Declined || again.WOPID != w.WOPID || told.last != person.last || !slices.Equal(told.events, row.shown) {
				t.Errorf("it is told %v, last %+v, and not %v, last %+v: %v", told.events, told.last, row.shown, person.last, err)
			}
			order.Amount = amount(t, "CHF:21")
			other := customer{}
			if _, err := c.Withdraw(t.Context(), order, &other); fault.KindOf(err) != fault.Conflict || len(other.events) != 0 {
				t.Errorf("another amount is told %v: %v", other.events, err)
			}
			if c.cards.Times() != charges {
				t.Errorf("charged %d times after that, not %d", c.cards.Times(), charges)
			}
		})
	}
}

// TestAStopWhileACustomerIsAsked says that the withdrawal is open, and how to go on.
func TestAStopWhileACustomerIsAsked(t *testing.T) {
	c := newCast(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	w, err := c.Withdraw(ctx, vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &customer{on: func(vendor.Event) { stop() }})
	f := fault.From(err)
	if f.Kind != fault.Unknown || f.Reason != protocol.ReasonPending || !strings.Contains(f.Hint, "`terminal resume "+w.Short()+"`") {
		t.Errorf("%v (%s), %s", err, f.Reason, f.Hint)
	}
}
