package vendor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/vendor"
)

// another is a withdrawal whose card is charged here while the bank has had notice of another
// payment, which its provider says to be as state tells.
func another(t *testing.T, c *cast, state string) (vendor.Withdrawal, error) {
	t.Helper()
	selects := c.selects(t, newPurse(t, 1))
	till := c.bank.Till(c.bank.Terminal)
	var wopid string
	person := customer{on: func(e vendor.Event) {
		if selects(e); e.Event == vendor.EventSetup {
			wopid = e.WOPID
		}
		if e.Event != vendor.EventPaid {
			return
		}
		c.bank.Provider.Put(banktest.Payment{ID: "other", State: state, Amount: amount(t, "CHF:20.5"), Refunded: amount(t, "CHF:0"), Reference: wopid})
		id, err := taler.ParseWOPID(wopid)
		check(t, err)
		check(t, till.Check(t.Context(), id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: "other"}))
		if state == "paid" {
			c.confirmed(t, id)
		}
	}}
	return c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &person)
}

func (c *cast) confirmed(t *testing.T, id taler.WOPID) {
	t.Helper()
	status, err := c.bank.Till(c.bank.Terminal).TerminalStatus(t.Context(), id, taler.LongPoll{Timeout: time.Minute, OldState: taler.StateSelected})
	if err != nil || status.Status != taler.StateConfirmed {
		t.Fatalf("at the bank it is %s: %v", status.Status, err)
	}
}

// The bank has confirmed a withdrawal by another payment before this terminal gives notice of its
// own: the card was charged twice. The bank refuses the notice each time, so it ends here, and says
// what the customer is owed.
func TestAWithdrawalThatAnotherPaymentHasConfirmedEnds(t *testing.T) {
	c := newCast(t)
	w, err := another(t, c, "paid")
	if fault.KindOf(err) != fault.Declined || w.Status != taler.TerminalAborted || !strings.Contains(w.Reason, "by another payment") || w.Transaction != "pay-1" {
		t.Errorf("it is %s for %q, paid by %q: %v", w.Status, w.Reason, w.Transaction, err)
	}
}

// While the other one is not decided, ours may be the one yet: it goes on.
func TestAWithdrawalThatAnotherPaymentMayConfirmGoesOn(t *testing.T) {
	c := newCast(t)
	w, err := another(t, c, "pending")
	if fault.ReasonOf(err) != taler.ReasonPaymentDiffers || w.Status != taler.TerminalPaid {
		t.Fatalf("it is %s for %q: %v", w.Status, w.Reason, err)
	}
	c.bank.Provider.Put(banktest.Payment{ID: "other", State: "paid", Amount: amount(t, "CHF:20.5"), Refunded: amount(t, "CHF:0"), Reference: w.Reference()})
	c.bank.Bank.Wake("cards", "other")
	c.confirmed(t, w.WOPID)
	if w, err = c.Resume(t.Context(), w.WOPID, "", &customer{}); w.Status != taler.TerminalAborted {
		t.Errorf("it is %s: %v", w.Status, err)
	}
}
