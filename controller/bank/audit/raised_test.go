package audit_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/audit"
	"github.com/swaperoo/swaperoo/instrument"
)

// TestRowsThatAreGivenAgainAreOne, because a restored bank was told too low a number at first. Any
// other second row is one.
func TestRowsThatAreGivenAgainAreOne(t *testing.T) {
	b := open(t)
	b.decided("tx-1", "CHF:21", "")
	check(t, b.Bank.GoOn(b.ctx(), 10))
	b.decided("tx-2", "CHF:21", "")
	b.decided("tx-3", "CHF:21", "")
	for _, next := range []instrument.Seq{20, 30} {
		if again, err := b.Bank.Raise(b.ctx(), next); again != 2 || err != nil {
			t.Fatal(again, err)
		}
	}
	if got := b.audit(); !got.OK || got.HistoryRows != 7 || got.Confirmed != 3 {
		t.Errorf("%+v", got)
	}
	last := b.lastRow() // with its last number gone it still has others
	if got := b.audit(); !got.OK || last.RowID != 31 {
		t.Errorf("%+v", got)
	}
	b.appends(bank.Incoming, bank.ClassWithdrawal, last)
	b.appends(bank.Incoming, bank.ClassWithdrawal, last)
	if got := b.audit(); len(got.Differences) != 1 || got.Differences[0].Kind != audit.RowTwice {
		t.Errorf("%+v", got)
	}
}
