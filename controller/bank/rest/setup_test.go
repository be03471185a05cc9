package rest_test

import (
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// TestASetUpOnceMore: what a wallet chose since and what the terminal named with
// its notice make the same request no other one, and another one not the same.
func TestASetUpOnceMore(t *testing.T) {
	const selects, notices, aborts = "selects", "notices", "aborts"
	for name, c := range map[string]struct {
		first string // what the request has beside its name
		then  []string
		chose string // the wallet's amount
		fees  string // of the notice
		other []string
	}{
		"a fixed amount":            {`,"amount":"CHF:20"`, []string{selects}, "", "", []string{``, `,"suggested_amount":"CHF:20"`}},
		"one that nobody took":      {`,"amount":"CHF:20"`, []string{aborts}, "", "", []string{``}},
		"one that was given up":     {`,"amount":"CHF:20"`, []string{selects, aborts}, "", "", []string{``}},
		"fees":                      {`,"amount":"CHF:20","terminal_fees":"CHF:1"`, []string{selects, notices}, "", "CHF:1", []string{`,"amount":"CHF:20"`, `,"amount":"CHF:20","terminal_fees":"CHF:0"`}},
		"fees that the notice has":  {`,"amount":"CHF:20"`, []string{selects, notices}, "", "CHF:1", []string{`,"amount":"CHF:20","terminal_fees":"CHF:1"`, ``}},
		"fees that nobody asks for": {`,"amount":"CHF:20"`, []string{selects, notices}, "", "", []string{`,"amount":"CHF:20","terminal_fees":"CHF:1"`}},
		"an amount of the wallet's": {``, []string{selects, notices}, "CHF:6", "CHF:1", []string{`,"amount":"CHF:6"`, `,"amount":"CHF:6","terminal_fees":"CHF:1"`, `,"suggested_amount":"CHF:6"`}},
		"a suggestion":              {`,"suggested_amount":"CHF:7"`, []string{selects}, "CHF:7", "", []string{`,"amount":"CHF:7"`, ``}},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, banktest.Options{})
			ctx, till := withTimeout(t), h.Till(h.Terminal)
			ask := func(more string) response {
				return send(t, h, request{method: "POST", path: "/withdrawals", login: h.Terminal, body: `{"request_uid":"u"` + more + `}`})
			}
			first := ask(c.first)
			var made taler.TerminalWithdrawalSetupResponse
			if err := json.Unmarshal([]byte(first.body), &made); err != nil {
				t.Fatal(err)
			}
			id := made.WithdrawalID
			compare := func(when string) {
				t.Helper()
				if again := ask(c.first); again.status != 200 || again.body != first.body {
					t.Errorf("%s: %d %s, and first %s", when, again.status, again.body, first.body)
				}
				for _, other := range c.other {
					if got := ask(other); got.status != 409 || got.code(t) != taler.CodeRequestUIDReused {
						t.Errorf("%s: %s is %d %s", when, other, got.status, got.body)
					}
				}
			}
			compare("at once")
			for _, then := range c.then {
				switch then {
				case selects:
					in := taler.BankWithdrawalOperationPostRequest{ReservePub: key(1), SelectedExchange: banktest.ExchangeAccount}
					if c.chose != "" {
						in.Amount = chf(t, c.chose[len("CHF:"):])
					}
					if _, err := h.Wallet().Select(ctx, id, in); err != nil {
						t.Fatal(err)
					}
				case notices:
					in := taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: "p"}
					if c.fees != "" {
						in.TerminalFees = chf(t, c.fees[len("CHF:"):])
					}
					if err := till.Check(ctx, id, in); err != nil {
						t.Fatal(err)
					}
				case aborts:
					if err := till.Abort(ctx, id); err != nil {
						t.Fatal(err)
					}
				}
				compare("after it " + then)
			}
		})
	}
}
