package bank

import (
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// A plugin's word that money went back counts for the refund that was ordered alone.
func TestARefundIsTheOneThatWasOrdered(t *testing.T) {
	chf := func(n uint64) instrument.Amount { return instrument.Amount{Currency: "CHF", Value: n} }
	r := refund{provider: "p", transaction: "t", amount: chf(20), name: "mine"}
	for _, row := range []struct {
		name string
		got  protocol.Repaid
		ok   bool
	}{
		{"it", protocol.Repaid{ID: "r", ExternalID: "mine", Amount: chf(20), State: protocol.FactPaid}, true},
		{"another amount", protocol.Repaid{ID: "r", ExternalID: "mine", Amount: chf(2), State: protocol.FactPaid}, false},
		{"another name", protocol.Repaid{ID: "r", ExternalID: "theirs", Amount: chf(20), State: protocol.FactPaid}, false},
	} {
		if _, err := r.answered(row.got); (err == nil) != row.ok || err != nil && fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

// What is heard late of a payment that was named first says nothing of the one that took its
// place, nor of a withdrawal that has ended since.
func TestAMarkIsOfThePaymentThatWasAskedAbout(t *testing.T) {
	judged := taler.Withdrawal{State: taler.StateSelected, ProviderTransactionID: "one"}
	for name, row := range map[string]struct {
		change func(*taler.Withdrawal)
		marks  bool
	}{
		"as it was":             {func(*taler.Withdrawal) {}, true},
		"another was named":     {func(w *taler.Withdrawal) { w.ProviderTransactionID = "two" }, false},
		"aborted since":         {func(w *taler.Withdrawal) { w.State = taler.StateAborted }, false},
		"its notice is decided": {func(w *taler.Withdrawal) { w.Proof = json.RawMessage("null") }, false},
	} {
		now := judged
		row.change(&now)
		if got := mark(&now, judged, true, 7); got != row.marks || (now.Unfound != 0) != row.marks {
			t.Errorf("%s: %t, since %d", name, got, now.Unfound)
		}
	}
}
