package audit_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/audit"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
)

// TestWhatAnOperatorHasExplainedIsNoDifference, but is counted: a shop's own sale that a till
// has named for a withdrawal stays at the provider for ever. All else
// that is wrong with the withdrawal still is.
func TestWhatAnOperatorHasExplainedIsNoDifference(t *testing.T) {
	b := open(t)
	id := b.decided("invoice", "CHF:21", "an invoice")
	wants := func(when string, explained int, kinds ...audit.Kind) {
		t.Helper()
		got := b.audit()
		if got.OK != (len(kinds) == 0) || got.Explained != explained || len(got.Differences) != len(kinds) {
			t.Fatalf("%s: %+v", when, got)
		}
		for n, d := range got.Differences {
			if d.Kind != kinds[n] || d.WOPID != id.Text() {
				t.Errorf("%s: %+v, want %v", when, d, kinds)
			}
		}
	}
	wants("at first", 0, audit.PaymentForeign)
	check(t, b.Bank.Explain(b.ctx(), id, "", "it is a sale of the shop"))
	wants("explained", 1)
	check(t, b.Bank.Explain(b.ctx(), id, "", "it is receipt 7 of the shop"))
	_, w, err := b.Bank.Withdrawal(b.ctx(), id)
	if err != nil || w.Explained != "it is receipt 7 of the shop" || w.Foreign != "invoice" || w.State != taler.StateAborted {
		t.Errorf("%+v, %v", w, err)
	}
	b.Provider.Put(banktest.Payment{ID: "paid", State: "paid", Amount: sum("CHF:21"), Reference: id.Text()})
	wants("paid as well", 1, audit.PaidNotGivenBack)
}

// TestAnExplanationIsOfOnePayment: where a late notice names another one, that is looked into by itself.
func TestAnExplanationIsOfOnePayment(t *testing.T) {
	b := open(t)
	id := b.selected()
	check(t, b.Bank.AbortByOperator(b.ctx(), id, "nobody came"))
	b.Provider.Put(banktest.Payment{ID: "euros", State: "paid", Amount: sum("EUR:21"), Reference: id.Text()})
	if _, err := b.Bank.Retry(b.ctx(), id); fault.ReasonOf(err) != "nothing-to-verify" { // it is not the bank's to give back
		t.Fatal(err)
	}
	check(t, b.Bank.Explain(b.ctx(), id, "", "given back at the desk, in cash"))
	if got := b.audit(); !got.OK || got.Explained != 1 {
		t.Errorf("%+v", got)
	}
	b.Provider.Put(banktest.Payment{ID: "invoice", State: "paid", Amount: sum("CHF:21"), Reference: "an invoice"})
	if err := b.Bank.Confirm(b.ctx(), b.till(), id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: "invoice"}); fault.ReasonOf(err) != taler.ReasonConfirmAbortConflict {
		t.Fatal(err)
	}
	check(t, b.Bank.Instruments().WaitTopic(b.ctx(), instrument.Operations, func(ctx context.Context) (bool, error) {
		_, w, err := b.Bank.Withdrawal(ctx, id)
		return w.Foreign == "invoice", err
	}))
	wants := func(when string, explained int, payments ...string) {
		t.Helper()
		got := b.audit()
		var named []string
		for _, d := range got.Differences {
			named = append(named, d.Payment)
		}
		if got.Explained != explained || !slices.Equal(named, payments) {
			t.Errorf("%s: %+v", when, got)
		}
	}
	wants("named", 1, "invoice")
	for payment, want := range map[string]fault.Reason{"": "payment-ambiguous", "another": "nothing-to-explain"} {
		if err := b.Bank.Explain(b.ctx(), id, payment, "it is fine"); fault.ReasonOf(err) != want {
			t.Errorf("%q: %v", payment, err)
		}
	}
	check(t, b.Bank.Explain(b.ctx(), id, "invoice", "a sale of the shop"))
	wants("both explained", 2)
	check(t, b.Bank.Explain(b.ctx(), id, "euros", "given back by hand"))
	_, w, err := b.Bank.Withdrawal(b.ctx(), id)
	if all := w.AllForeign(); err != nil || len(all) != 2 || all[0] != (taler.ForeignPayment{Payment: "euros", Explained: "given back by hand"}) || all[1].Explained != "a sale of the shop" {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestNothingIsExplainedOfWhatTheBankGivesBack(t *testing.T) {
	b := open(t)
	id := b.decided("tx", "CHF:20.99", "")
	b.givenBack(1)
	for why, want := range map[string]fault.Reason{"it is fine": "nothing-to-explain", "": "explanation-malformed", "\xff": "explanation-malformed"} {
		if err := b.Bank.Explain(b.ctx(), id, "", why); fault.ReasonOf(err) != want {
			t.Errorf("%q: %v", why, err)
		}
	}
	if _, w, err := b.Bank.Withdrawal(b.ctx(), id); err != nil || w.Explained != "" {
		t.Errorf("%+v, %v", w, err)
	}
}

// TestRefundsThatTheBooksDoNotHaveAreExplained: those of the time after a backup stay at the provider for ever. What goes
// back later, beyond what the operator has explained, is named.
func TestRefundsThatTheBooksDoNotHaveAreExplained(t *testing.T) {
	b := open(t)
	id := b.decided("tx", "CHF:21", "")
	pending := b.selected()
	refunded := func(amount string) {
		b.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: sum("CHF:21"), Refunded: sum(amount), Reference: id.Text()})
	}
	wants := func(when string, explained int, kind audit.Kind, text string) {
		t.Helper()
		got := b.audit()
		if got.OK != (text == "") || got.Explained != explained || len(got.Differences) > 1 {
			t.Fatalf("%s: %+v", when, got)
		}
		for _, d := range got.Differences {
			if d.Kind != kind || d.WOPID != id.Text() || !strings.Contains(d.Text, text) {
				t.Errorf("%s: %+v, want %q", when, d, text)
			}
		}
	}
	refunded("CHF:7")
	wants("at first", 0, audit.RefundUnexplained, "explain nothing of it: `bank withdrawal explain --refunded CHF:7`")
	for amount, want := range map[string]fault.Reason{"CHF:21.01": "amount-out-of-range", "EUR:7": "amount-out-of-range"} {
		if err := b.Bank.ExplainRefunds(b.ctx(), id, sum(amount), "it is fine"); fault.ReasonOf(err) != want || !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", amount, err)
		}
	}
	if err := b.Bank.ExplainRefunds(b.ctx(), id, sum("CHF:7"), ""); fault.ReasonOf(err) != "explanation-malformed" {
		t.Error(err)
	}
	if err := b.Bank.ExplainRefunds(b.ctx(), pending, sum("CHF:7"), "it is fine"); fault.ReasonOf(err) != "nothing-to-explain" {
		t.Error(err)
	}
	check(t, b.Bank.ExplainRefunds(b.ctx(), id, sum("CHF:7"), "the exchange's transfer 4711, after the backup"))
	wants("explained", 1, "", "")
	b.wires("tx", "CHF:5", taler.TransferSuccess)
	wants("one of the books is not there", 0, audit.RefundMissing, "CHF:5 went back, and the operator CHF:7, the provider says CHF:7")
	refunded("CHF:12")
	wants("it is there", 1, "", "")
	refunded("CHF:13")
	wants("more went back", 0, audit.RefundUnexplained, "CHF:13 went back at the provider, and the books explain CHF:5, and the operator CHF:7: `bank withdrawal explain --refunded CHF:8`")
	check(t, b.Bank.ExplainRefunds(b.ctx(), id, sum("CHF:8"), "and CHF:1 at the desk"))
	wants("explained again", 1, "", "")
	_, w, err := b.Bank.Withdrawal(b.ctx(), id)
	if err != nil || w.RefundsExplained != (taler.RefundsExplained{Amount: sum("CHF:8"), Text: "and CHF:1 at the desk"}) || w.State != taler.StateConfirmed {
		t.Errorf("%+v, %v", w, err)
	}
	check(t, b.Bank.ExplainRefunds(b.ctx(), id, sum("CHF:0"), "taken back"))
	wants("taken back", 0, audit.RefundUnexplained, "explain CHF:5: `bank withdrawal explain --refunded CHF:8`")
	refunded("CHF:26.01")
	wants("more than was paid, which nothing explains", 0, audit.RefundUnexplained, "explain CHF:5, and CHF:21 was paid: ask the provider's support why")
}

// TestASurplusThatWasExplained: what somebody has given back by hand after the provider had refused it needs no
// explanation. An operator who explains it all the same is told how to take that back.
func TestASurplusThatWasExplained(t *testing.T) {
	b := open(t)
	b.Provider.Refunds("failed")
	id := b.decided("tx", "CHF:25", "")
	b.givenBack(1)
	b.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: sum("CHF:25"), Refunded: sum("CHF:6"), Reference: id.Text()})
	check(t, b.Bank.ExplainRefunds(b.ctx(), id, sum("CHF:6"), "CHF 4 that were paid too much, and CHF 2 for the trouble"))
	got := b.audit()
	if len(got.Differences) != 1 || got.Differences[0].Kind != audit.SurplusKept || !strings.Contains(got.Differences[0].Text, "`bank withdrawal explain --refunded CHF:2` takes that back") {
		t.Fatalf("%+v", got)
	}
	check(t, b.Bank.ExplainRefunds(b.ctx(), id, sum("CHF:2"), "for the trouble"))
	if got := b.audit(); !got.OK || got.Explained != 1 {
		t.Errorf("%+v", got)
	}
}

// TestARefusedTransferIsNamed until the operator has noted what was done: the exchange never sends it again.
func TestARefusedTransferIsNamed(t *testing.T) {
	b := open(t)
	id := b.decided("tx", "CHF:21", "")
	b.Provider.Put(banktest.Payment{ID: "unknown", State: "paid", Amount: sum("CHF:21")})
	r := taler.TransferRequest{RequestUID: taler.HashCode{1}, WTID: taler.ShortHash{1}, Amount: sum("CHF:20"), ExchangeBaseURL: "https://exchange.example/", CreditAccount: "payto://simulator-transaction/unknown"}
	if _, err := b.Bank.Transfer(b.ctx(), b.Bank.Default(), r); fault.ReasonOf(err) != taler.ReasonUnknownCreditor {
		t.Fatal(id, err)
	}
	got := b.audit()
	if len(got.Differences) != 1 || got.Differences[0].Kind != audit.TransferRefused || got.Differences[0].Row != 1 || got.OK {
		t.Fatalf("%+v", got)
	}
	if text := got.Differences[0].Text; !strings.Contains(text, r.WTID.String()) || !strings.Contains(text, "bank refusal resolve 1") || !strings.Contains(text, "CHF:20") {
		t.Error(text)
	}
	if _, err := b.Bank.Resolve(b.ctx(), 1, "given back at the desk"); err != nil {
		t.Fatal(err)
	}
	if got := b.audit(); !got.OK || got.Explained != 1 {
		t.Errorf("%+v", got)
	}
}
