package vendor_test

import (
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/vendor"
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
			if fault.KindOf(err) != fault.Declined || w.Status != taler.TerminalAborted || !strings.Contains(w.Reason, row.reason) || c.cards.times() != row.charged {
				t.Errorf("it is %s for %q after %d charges: %v", w.Status, w.Reason, c.cards.times(), err)
			}
			if again, err := c.Resume(t.Context(), id, "approved", &customer{}); again.Status != taler.TerminalAborted || c.cards.times() != row.charged {
				t.Errorf("resumed it is %s after %d charges: %v", again.Status, c.cards.times(), err)
			}
		})
	}
}
