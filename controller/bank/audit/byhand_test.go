package audit

import (
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/protocol"
)

// TestWhatABankNeverGivesBackIsForAPerson: a search that an operator starts finds nothing
// in another currency or space, so whoever reads of such a payment is told to give it
// back at the provider.
func TestWhatABankNeverGivesBackIsForAPerson(t *testing.T) {
	var wopid taler.WOPID
	wopid[0] = 7
	w := taler.Withdrawal{State: taler.StateAborted, WOPID: wopid, Currency: "CHF"} // no wallet has chosen an amount
	for name, row := range map[string]struct {
		currency string
		space    int64
		want     string // a part of what is said of it; empty: it goes back by a search
	}{
		"currency": {"EUR", 3, "by hand at the provider"},
		"space":    {"CHF", 4, "by hand there"},
		"neither":  {"CHF", 3, ""},
	} {
		paid := protocol.Facts{State: protocol.FactPaid, Transaction: "pay-1", Reference: wopid.String(), Space: row.space, Amount: taler.Amount{Currency: row.currency, Value: 20}}
		found, _ := compare(saleOf("id", w), record{others: func(string) bool { return false }}, ledger{payments: []protocol.Facts{paid}, space: 3, byReference: 1})
		if len(found) != 1 || found[0].Kind != PaidNotGivenBack || strings.Contains(found[0].Text, "by hand") != (row.want != "") || !strings.Contains(found[0].Text, row.want) {
			t.Errorf("%s: %v", name, found)
		}
	}
}
