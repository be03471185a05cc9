package bank

import (
	"encoding/json"
	"testing"
	"time"

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

// What has bought something, or still may, does not go back.
func TestWhatBuysSomethingDoesNotGoBack(t *testing.T) {
	for name, w := range map[string]taler.Withdrawal{
		"it has confirmed it":     {State: taler.StateConfirmed, ProviderTransactionID: "tx"},
		"it may still confirm it": {State: taler.StateSelected, ProviderTransactionID: "tx"},
		"nobody has named it yet": {State: taler.StatePending},
		"another may confirm it":  {State: taler.StateSelected, ProviderTransactionID: "other"},
	} {
		if goes, err := buysNothing(nil, w, "tx"); goes || err != nil {
			t.Errorf("%s: it goes back: %v, %v", name, goes, err)
		}
	}
	now := time.Unix(100, 0)
	for name, row := range map[string]struct {
		w     taler.Withdrawal
		since int64
		open  bool
	}{
		"it has not ended":        {taler.Withdrawal{State: taler.StateSelected}, 100, false},
		"it ended before":         {taler.Withdrawal{State: taler.StateAborted, Aborted: 10}, 50, true},
		"it ended later":          {taler.Withdrawal{State: taler.StateAborted, Aborted: 60}, 60, true},
		"it was confirmed later":  {taler.Withdrawal{State: taler.StateConfirmed, Confirmed: 70}, 70, true},
		"by a clock that is fast": {taler.Withdrawal{State: taler.StateConfirmed, Confirmed: 1000}, 50, true},
	} {
		x := search{ended: time.Unix(50, 0)}
		if open := x.window(row.w, now); open != row.open || x.ended.Unix() != row.since {
			t.Errorf("%s: searched since %d: %v", name, x.ended.Unix(), open)
		}
	}
}
