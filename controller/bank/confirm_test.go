package bank

import (
	"encoding/json"
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
		State: protocol.FactPaid, Amount: chf(21, 50), Refunded: chf(0), Reference: taler.WOPID{1, 2, 3}.Text(), Transaction: "tx",
	}
}

// TestJudge has a row for each line of the rule, and for each a control beside
// it that differs in that one thing.
func TestJudge(t *testing.T) {
	for name, c := range map[string]struct {
		change func(w *taler.Withdrawal, f *protocol.Facts)
		want   Decision
		reason string
	}{
		"paid in full":            {func(*taler.Withdrawal, *protocol.Facts) {}, Confirm, ""},
		"paid more":               {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Amount = chf(22) }, Confirm, ""},
		"nothing said of refunds": {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Refunded = taler.Amount{} }, Confirm, ""},
		"no fees": {func(w *taler.Withdrawal, f *protocol.Facts) {
			w.WithdrawalFees, w.TerminalFees, f.Amount = taler.Amount{}, taler.Amount{}, chf(20)
		}, Confirm, ""},
		"pending": {func(_ *taler.Withdrawal, f *protocol.Facts) { f.State = protocol.FactPending }, Again, "the provider has not decided yet"},
		"pending, all else wrong": {func(_ *taler.Withdrawal, f *protocol.Facts) {
			*f = protocol.Facts{State: protocol.FactPending, Reference: "x"}
		}, Again, "the provider has not decided yet"},
		"a state of the future":         {func(_ *taler.Withdrawal, f *protocol.Facts) { f.State = "authorised" }, Again, "the provider has not decided yet"},
		"no state":                      {func(_ *taler.Withdrawal, f *protocol.Facts) { f.State = "" }, Again, "the provider has not decided yet"},
		"failed":                        {func(_ *taler.Withdrawal, f *protocol.Facts) { f.State = protocol.FactFailed }, Abort, "the provider says that the payment failed"},
		"failed, of something else":     {func(_ *taler.Withdrawal, f *protocol.Facts) { f.State, f.Reference = protocol.FactFailed, "x" }, Abort, "the provider says that the payment failed"},
		"another transaction":           {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Transaction = "tx2" }, Abort, "the provider answered for another transaction"},
		"no transaction":                {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Transaction = "" }, Abort, "the provider answered for another transaction"},
		"another reference":             {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Reference = taler.WOPID{1, 2, 4}.Text() }, Abort, "the payment has the reference of something else"},
		"no reference":                  {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Reference = "" }, Abort, "the payment has the reference of something else"},
		"another currency":              {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Amount = eur(100) }, Abort, "the payment is in another currency"},
		"no amount":                     {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Amount = taler.Amount{} }, Abort, "the payment is in another currency"},
		"refunded in part":              {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Refunded = chf(0, 1) }, Abort, "the payment was refunded"},
		"refunded in another currency":  {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Refunded = eur(1) }, Abort, "the payment was refunded"},
		"a cent too little":             {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Amount = chf(21, 49) }, Abort, "the payment of CHF:21.49 is less than CHF:21.5"},
		"without the fees":              {func(_ *taler.Withdrawal, f *protocol.Facts) { f.Amount = chf(20) }, Abort, "the payment of CHF:20 is less than CHF:21.5"},
		"a total that cannot be added":  {func(w *taler.Withdrawal, _ *protocol.Facts) { w.TerminalFees = eur(1) }, Abort, "the amount and its fees cannot be added"},
		"a withdrawal without amount":   {func(w *taler.Withdrawal, _ *protocol.Facts) { w.Amount = taler.Amount{} }, Abort, "the amount and its fees cannot be added"},
		"of a total that cannot be had": {func(w *taler.Withdrawal, _ *protocol.Facts) { w.Amount = chf(1 << 52) }, Abort, "the amount and its fees cannot be added"},
	} {
		t.Run(name, func(t *testing.T) {
			w, f := noticed(), paid()
			c.change(&w, &f)
			if got := Judge(w, f); got != (Verdict{c.want, c.reason}) {
				t.Errorf("the verdict is %+v", got)
			}
		})
	}
}

func TestDecided(t *testing.T) {
	proof := json.RawMessage(`{"id":"tx"}`)
	want := noticed()
	want.State, want.Confirmed, want.Proof = taler.StateConfirmed, 9, proof
	if diff := cmp.Diff(want, decided(noticed(), Verdict{Decision: Confirm}, proof, 9)); diff != "" {
		t.Errorf("confirmed (-want +got):\n%s", diff)
	}
	want = noticed()
	want.State, want.Aborted, want.AbortReason, want.Proof = taler.StateAborted, 9, "why", proof
	if diff := cmp.Diff(want, decided(noticed(), Verdict{Abort, "why"}, proof, 9)); diff != "" {
		t.Errorf("aborted (-want +got):\n%s", diff)
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
		w := decided(noticed(), Verdict{Decision: Confirm}, nil, 1_800_000_000)
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
