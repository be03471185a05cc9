package bank

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/protocol"
)

func chf(value uint64, cents ...uint32) taler.Amount {
	a := taler.Amount{Currency: "CHF", Value: value}
	for _, c := range cents {
		a.Fraction = c * 1_000_000
	}
	return a
}

// none is no amount at all.
var none taler.Amount

func eur(value uint64) taler.Amount { return taler.Amount{Currency: "EUR", Value: value} }

// noticed is a withdrawal of CHF:20 with CHF:1.50 of fees that is said to be paid
// by tx.
func noticed() taler.Withdrawal {
	return taler.Withdrawal{
		State: taler.StateSelected, WOPID: taler.WOPID{1, 2, 3}, Currency: "CHF", Provider: "cards",
		Amount: chf(20), WithdrawalFees: chf(1), TerminalFees: chf(0, 50), ProviderTransactionID: "tx",
		ExchangeAccount: "payto://iban/CH9300762011623852957?receiver-name=E", ReservePub: taler.EddsaPublicKey{7}, Selected: 5, Noticed: 6,
	}
}

func paid() protocol.Facts {
	return protocol.Facts{
		State: protocol.FactPaid, Amount: chf(21, 50), Refunded: chf(0), Reference: taler.WOPID{1, 2, 3}.Text(), Transaction: "tx", Space: 405,
	}
}

// TestJudge has a row for each line of the rule, and for each a control beside
// it that differs in that one thing.
func TestJudge(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(w *taler.Withdrawal, f *protocol.Facts)
		want    Decision
		reason  string
		back    taler.Amount
		foreign bool
	}{
		"paid in full":            {func(*taler.Withdrawal, *protocol.Facts) {}, Confirm, "", none, false},
		"paid more":               {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Amount = chf(22) }, Confirm, "the payment of CHF:22 is more than CHF:21.5", chf(0, 50), false},
		"nothing said of refunds": {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Refunded = none }, Confirm, "", none, false},
		"no fees": {func(w *taler.Withdrawal, f *protocol.Facts) {
			w.WithdrawalFees, w.TerminalFees, f.Amount = none, none, chf(20)
		}, Confirm, "", none, false},
		"pending": {func(_ *taler.Withdrawal, f *protocol.Facts) { f.State = protocol.FactPending }, Again, "the provider has not decided yet", none, false},
		"pending, all else wrong": {func(_ *taler.Withdrawal, f *protocol.Facts) {
			*f = protocol.Facts{State: protocol.FactPending, Reference: "x"}
		}, Again, "the provider has not decided yet", none, false},
		"a state of the future":     {func(_ *taler.Withdrawal, f *protocol.Facts) { f.State = "authorised" }, Again, "the provider has not decided yet", none, false},
		"no state":                  {func(_ *taler.Withdrawal, f *protocol.Facts) { f.State = "" }, Again, "the provider has not decided yet", none, false},
		"failed":                    {func(_ *taler.Withdrawal, f *protocol.Facts) { f.State = protocol.FactFailed }, Abort, "the provider says that the payment failed", none, false},
		"failed, of something else": {func(_ *taler.Withdrawal, f *protocol.Facts) { f.State, f.Reference = protocol.FactFailed, "x" }, Abort, "the provider says that the payment failed", none, false},

		"another transaction": {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Transaction = "tx2" }, Again, "the provider answered for another transaction", none, false},
		"no transaction":      {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Transaction = "" }, Again, "the provider answered for another transaction", none, false},
		"another one failed":  {func(_ *taler.Withdrawal, f *protocol.Facts) { f.State, f.Transaction = protocol.FactFailed, "tx2" }, Again, "the provider answered for another transaction", none, false},
		"other spelling": {func(_ *taler.Withdrawal, f *protocol.Facts) {
			f.Reference = strings.ReplaceAll(strings.ToLower(f.Reference), "0", "o")
		}, Confirm, "", none, false},
		"another reference":     {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Reference = taler.WOPID{1, 2, 4}.Text() }, Abort, "the payment has the reference of something else", none, true},
		"no reference":          {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Reference = "" }, Abort, "the payment has the reference of something else", none, true},
		"another space":         {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Space = 406 }, Abort, "the payment was made in another space", none, true},
		"no space":              {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Space = 0 }, Abort, "the payment was made in another space", none, true},
		"another currency":      {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Amount = eur(100) }, Abort, "the payment is in another currency", none, true},
		"no amount":             {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Amount = none }, Abort, "the payment is in another currency", none, true},
		"withheld, of another":  {func(_ *taler.Withdrawal, f *protocol.Facts) { f.State, f.Reference = protocol.FactWithheld, "x" }, Abort, "the payment has the reference of something else", none, true},
		"aborted, of another":   {func(w *taler.Withdrawal, f *protocol.Facts) { w.State, f.Reference = taler.StateAborted, "x" }, Abort, "the payment has the reference of something else", none, true},
		"aborted, another coin": {func(w *taler.Withdrawal, f *protocol.Facts) { w.State, f.Amount = taler.StateAborted, eur(22) }, Abort, "the payment is in another currency", none, true},

		"withheld":                      {func(_ *taler.Withdrawal, f *protocol.Facts) { f.State = protocol.FactWithheld }, Abort, "the provider says that nothing may be delivered for the payment", chf(21, 50), false},
		"refunded in part":              {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Refunded = chf(0, 1) }, Abort, "the payment was refunded", chf(21, 49), false},
		"refunded in full":              {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Refunded = chf(21, 50) }, Abort, "the payment was refunded", none, false},
		"refunded beyond":               {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Refunded = chf(22) }, Abort, "the payment was refunded", none, false},
		"refunded in another currency":  {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Refunded = eur(1) }, Abort, "the payment was refunded", none, false},
		"a cent too little":             {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Amount = chf(21, 49) }, Abort, "the payment of CHF:21.49 is less than CHF:21.5", chf(21, 49), false},
		"without the fees":              {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Amount = chf(20) }, Abort, "the payment of CHF:20 is less than CHF:21.5", chf(20), false},
		"nothing was paid":              {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Amount = chf(0) }, Abort, "the payment of CHF:0 is less than CHF:21.5", none, false},
		"a total that cannot be added":  {func(w *taler.Withdrawal, _ *protocol.Facts) { w.TerminalFees = eur(1) }, Abort, "the amount and its fees cannot be added", chf(21, 50), false},
		"a withdrawal without amount":   {func(w *taler.Withdrawal, _ *protocol.Facts) { w.Amount = none }, Abort, "the amount and its fees cannot be added", chf(21, 50), false},
		"of a total that cannot be had": {func(w *taler.Withdrawal, _ *protocol.Facts) { w.Amount = chf(1 << 52) }, Abort, "the amount and its fees cannot be added", chf(21, 50), false},

		"aborted and paid":           {func(w *taler.Withdrawal, _ *protocol.Facts) { w.State = taler.StateAborted }, Abort, "the withdrawal was aborted", chf(21, 50), false},
		"aborted, paid and refunded": {func(w *taler.Withdrawal, f *protocol.Facts) { w.State, f.Refunded = taler.StateAborted, chf(21, 50) }, Abort, "the withdrawal was aborted", none, false},
		"aborted, not paid": {func(w *taler.Withdrawal, f *protocol.Facts) {
			w.State, f.State = taler.StateAborted, protocol.FactFailed
		}, Abort, "the provider says that the payment failed", none, false},
		"aborted, perhaps paid": {func(w *taler.Withdrawal, f *protocol.Facts) {
			w.State, f.State = taler.StateAborted, protocol.FactPending
		}, Again, "the provider has not decided yet", none, false},
		"aborted before it had amount": {func(w *taler.Withdrawal, _ *protocol.Facts) { w.State, w.Amount = taler.StateAborted, none }, Abort, "the withdrawal was aborted", chf(21, 50), false},
	} {
		t.Run(name, func(t *testing.T) {
			w, f := noticed(), paid()
			c.change(&w, &f)
			if got := Judge(w, 405, f); got != (Verdict{c.want, c.reason, c.back, c.foreign}) {
				t.Errorf("the verdict is %+v", got)
			}
		})
	}
}

// TestOnlyItsOwnUselessPaymentsEndANotice: one of something else says nothing of it, nor
// does one that may be good yet, or that nobody has looked at. What goes back comes first.
func TestOnlyItsOwnUselessPaymentsEndANotice(t *testing.T) {
	of := func(change func(f *protocol.Facts)) protocol.Facts {
		f := paid()
		change(&f)
		return f
	}
	bad := of(func(f *protocol.Facts) { f.State = protocol.FactFailed })
	little := of(func(f *protocol.Facts) { f.Amount, f.Transaction = chf(21, 49), "little" })
	withheld := of(func(f *protocol.Facts) { f.State, f.Transaction = protocol.FactWithheld, "withheld" })
	euro := of(func(f *protocol.Facts) { f.Amount.Currency, f.Transaction = "EUR", "euro" })
	for name, row := range map[string]struct {
		all  []protocol.Facts
		want string // the payment that ends it; empty: none
	}{
		"none":               {nil, ""},
		"failed ones":        {[]protocol.Facts{bad, bad}, bad.Transaction},
		"of something else":  {[]protocol.Facts{bad, of(func(f *protocol.Facts) { f.Reference = taler.WOPID{2}.Text() })}, ""},
		"failed for another": {[]protocol.Facts{of(func(f *protocol.Facts) { f.State, f.Reference = protocol.FactFailed, taler.WOPID{2}.Text() })}, ""},
		"without a name":     {[]protocol.Facts{bad, {State: protocol.FactFailed}}, ""},
		"one is not decided": {[]protocol.Facts{bad, of(func(f *protocol.Facts) { f.State = protocol.FactPending })}, ""},
		"one is good":        {[]protocol.Facts{bad, paid()}, ""},
		"one is too small":   {[]protocol.Facts{bad, little}, "little"},
		"one is withheld":    {[]protocol.Facts{bad, withheld, bad}, "withheld"},
		"in another money":   {[]protocol.Facts{euro}, "euro"},
		"and a small one":    {[]protocol.Facts{euro, little, bad}, "little"},
		"one has no state":   {[]protocol.Facts{bad, of(func(f *protocol.Facts) { f.State = "" })}, ""},
	} {
		w := noticed()
		w.ProviderTransactionID = "a name of the till's own"
		f, got := useless(w, Provider{Space: 405}, protocol.Found{Payments: row.all})
		if got != (row.want != "") || got && f.Transaction != row.want {
			t.Errorf("%s: %v, by %q", name, got, f.Transaction)
		}
		if _, got := useless(w, Provider{Space: 405}, protocol.Found{Payments: row.all, More: true}); got {
			t.Errorf("%s, and more: ends it", name)
		}
	}
}

func TestDecided(t *testing.T) {
	f := paid()
	f.Raw = json.RawMessage(`{"id":"tx"}`)
	want := noticed()
	want.State, want.Confirmed, want.Proof, want.Paid = taler.StateConfirmed, 9, f.Raw, chf(21, 50)
	if diff := cmp.Diff(want, decided(noticed(), Verdict{Decision: Confirm}, f, 9)); diff != "" {
		t.Errorf("confirmed (-want +got):\n%s", diff)
	}
	want = noticed()
	want.State, want.Aborted, want.AbortReason, want.Proof = taler.StateAborted, 9, "why", f.Raw
	if diff := cmp.Diff(want, decided(noticed(), Verdict{Decision: Abort, Reason: "why"}, f, 9)); diff != "" {
		t.Errorf("aborted (-want +got):\n%s", diff)
	}
	before := noticed()
	before.State, before.Aborted, before.AbortReason = taler.StateAborted, 5, "the first reason"
	want = before
	want.Proof, want.Foreign = f.Raw, "tx"
	got := decided(before, Verdict{Decision: Abort, Reason: "why", Foreign: true}, f, 9)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("aborted before (-want +got):\n%s", diff)
	}
	if got.Undecided() || !before.Undecided() || decided(noticed(), Verdict{Decision: Abort}, protocol.Facts{}, 9).Undecided() {
		t.Error("a notice is undecided until the provider has said its last word, and no longer")
	}
}

// TestHistoryRow: whatever a provider calls its payments, the row is one that an
// exchange takes, and the refund finds its way back.
func TestHistoryRow(t *testing.T) {
	for transaction, want := range map[string]taler.Payto{
		"4711":              "payto://wallee-transaction/4711?receiver-name=Card%20payment",
		"a/b?c=d&e#f":       "payto://wallee-transaction/a%2Fb%3Fc=d&e%23f?receiver-name=Card%20payment",
		"blank 'quote' \"x": "payto://wallee-transaction/blank%20%27quote%27%20%22x?receiver-name=Card%20payment",
		"Zürich|<>":         "payto://wallee-transaction/Z%C3%BCrich%7C%3C%3E?receiver-name=Card%20payment",
	} {
		w := decided(noticed(), Verdict{Decision: Confirm}, paid(), 1_800_000_000)
		w.ProviderTransactionID = transaction
		row, err := historyRow(w, Provider{Name: "w", Kind: "wallee"})
		if err != nil {
			t.Errorf("%q: %v", transaction, err)
		}
		if row.DebitAccount != want || row.Amount != chf(20) || row.RowID != 0 {
			t.Errorf("%q: %+v", transaction, row)
		}
	}
	w := noticed()
	w.ReservePub = taler.EddsaPublicKey{}
	if _, err := historyRow(w, Provider{Kind: "wallee"}); err == nil {
		t.Error("a row for nobody's reserve would stop wirewatch for ever")
	}
}

func TestBearer(t *testing.T) {
	for text, want := range map[string][2]string{
		Bearer("exchange", "TOKEN"): {"exchange", "TOKEN"},
		"secret-token:a:b":          {"a", "b"},
		"secret-token:a:b:c":        {"a:b", "c"},
		"secret-token:a:":           {"a", ""},
		"secret-token:abc":          {"", ""},
		"a:b":                       {"", ""},
		"":                          {"", ""},
		"secret-token:":             {"", ""},
	} {
		if login, token := ReadBearer(text); [2]string{login, token} != want {
			t.Errorf("%q is read as %q, %q", text, login, token)
		}
	}
}
